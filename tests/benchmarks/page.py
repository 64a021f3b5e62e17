"""Sidan `RESULTAT.md` och dess bilder, gjorda ur `resultat.json` och ingenting annat."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks import parts
from benchmarks.contestants import BY_KEY, CONTESTANTS, Contestant
from benchmarks.grading import AGAIN, NBGRADER, OTTER, OURS
from benchmarks.intervals import (
    median,
    median_interval,
    overlap,
    percentile,
    ratio_interval,
    wilson_interval,
)
from benchmarks.store import RESULTS, Results, Row, read
from benchmarks.waiting import INSTALLATION, TESTS
from benchmarks.watch import CARTPOLE, Task
from dqn_helpers.counting import counted
from dqn_helpers.figures import Picture, cost_lines, dots_per_seed, swedish_number

APPENDIX = Path(__file__).resolve().parents[2] / "BILAGA.md"
PAGE, PICTURES = "RESULTAT.md", "bilder"
NOT_MEASURED = "Den här delen är inte mätt än."
FEWEST = 6
"""Så många frön måste det vara för att det ska finnas ett 95-procentigt intervall för medianen:

att den ligger utanför det minsta och det största av n värden har sannolikheten 2 · 0,5ⁿ.
"""

LEAST_GROWTH = 10
"""Så många gånger större ska den största klassen vara för att kostnaden per student ska synas."""

TOO_FEW = "Med färre än sex frön finns det inget 95-procentigt intervall för medianen."
TABLE_NAMES = {"dqn": "DQN", "double": "Double DQN"}

Lines = list[str]


# --- tal och tabeller ----------------------------------------------------------------------------


def number(value: float, digits: int = 3) -> str:
    """Talet på svenska; den som aldrig kom fram får ett streck."""
    return "–" if math.isinf(value) else swedish_number(value, digits)


def span(low: float, high: float) -> str:
    """Intervallet på svenska: ”1,8–46”, och ”1,8 och uppåt” när det inte har något slut."""
    if math.isinf(high):
        return "–" if math.isinf(low) else f"{number(low, 2)} och uppåt"
    return f"{number(low, 2)}–{number(high, 2)}"


def share(count: int, n: int) -> str:
    """”50 av 50 (93–100 %)”, med 95 procents intervall efter Wilson."""
    low, high = wilson_interval(count, n)
    return f"{count} av {n} ({100 * low:.0f}–{100 * high:.0f} %)"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Lines:
    """En tabell i markdown."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def runs_of(results: Results, key: str) -> list[Row]:
    """Ett programs körningar, efter frö."""
    rows = [row for row in results["learning"] if row["contestant"] == key]
    return sorted(rows, key=lambda row: row["seed"])


def at_first(runs: Sequence[Row], name: str) -> list[float | None]:
    """Ett tal vid den första godkända prövningen; None för den som aldrig klarade någon."""
    return [run["first"] and run["first"][name] for run in runs]


def n_solved(runs: Sequence[Row], task: Task, name: str = "held_out") -> int:
    """Hur många som når miljöns gräns på de undanhållna startlägena."""
    return sum(run[name] >= task.solved_at for run in runs)


# --- tabellen i BILAGA.md ----------------------------------------------------------------------


def seed_table(results: Results) -> Lines:
    """Tabellen i BILAGA.md: kursens recept på alla frön."""
    head = ["metod", "löst (95-procentigt intervall)", "sämsta frö, medelvärde",
            "träningssteg: median / 90:e percentil / sämst",
            "miljösteg: median / sämst"]  # fmt: skip
    return table(head, [_seed_row(results, key) for key in TABLE_NAMES])


def _seed_row(results: Results, key: str) -> list[str]:
    runs = runs_of(results, key)
    gradient, steps = ([run[name] for run in runs] for name in
                       ("gradient_steps", "environment_steps"))  # fmt: skip
    worst = min(run["held_out"] for run in runs)
    return [
        f"{TABLE_NAMES[key]}, frö {runs[0]['seed']}–{runs[-1]['seed']}",
        share(n_solved(runs, CARTPOLE), len(runs)),
        swedish_number(worst, decimals=1),
        _slashed(median(gradient), percentile(gradient, 90), max(gradient)),
        _slashed(median(steps), max(steps)),
    ]


def q_values_in_words(results: Results) -> str:
    """Det som BILAGA.md säger om Q-värdena."""
    runs = runs_of(results, "dqn")
    at_rest = [run["q_at_rest"] for run in runs]
    return (
        f"det bästa Q-värdet i vila {swedish_number(median(at_rest), decimals=0)} i median "
        f"(som störst {swedish_number(max(at_rest), decimals=0)})"
    )


def appendix_with(results: Results, text: str) -> str:
    """BILAGA.md med tabellen, antalet frön och Q-värdena ur filen; resten är som det var."""
    n = len(runs_of(results, "dqn"))
    table_lines = "\n".join(seed_table(results)) + "\n\n"
    for pattern, new in (
        (r"\|[^|\n]*\| löst \(95-procentigt intervall\).*?\n\n", table_lines),
        (r"tränats med \d+ olika frön", f"tränats med {n} olika frön"),
        (r"det\s+bästa\s+Q-värdet\s+i\s+vila[^)]*\)", q_values_in_words(results)),
    ):
        text = re.sub(pattern, lambda _, new=new: new, text, count=1, flags=re.DOTALL)
    return text


def _slashed(*values: float) -> str:
    return " / ".join(swedish_number(value, decimals=0) for value in values)


# --- inlärning -----------------------------------------------------------------------------------


def measured(results: Results, task: Task) -> list[tuple[Contestant, list[Row]]]:
    """De program som har körts i miljön, i ordning."""
    found = [(c, runs_of(results, c.key)) for c in CONTESTANTS if c.task == task]
    return [(contestant, runs) for contestant, runs in found if runs]


def learning_section(results: Results) -> Lines:
    """CartPole: tabellerna, kvoterna och det som läsaren behöver veta om dem."""
    found = measured(results, CARTPOLE)
    if not found:
        return [NOT_MEASURED]
    return [
        *learning_tables(found), "",
        f"![{first_picture(results).alt}]({PICTURES}/inlarning.svg)", "",
        *ratio_sentences(results),
    ]  # fmt: skip


def learning_tables(found: Sequence[tuple[Contestant, list[Row]]]) -> Lines:
    """En tabell om vägen till den första godkända prövningen, och en om hur det slutade."""
    first = ["program", "frön", "klarade någon prövning", "CPU-s till den första, utan prövningar: "
             "median (10–90 %)", "med prövningar", "träningssteg dit", "miljösteg dit"]  # fmt: skip
    end = ["program", "löst i slutet", "löst med de bästa vikterna", "godkända prövningar",
           "Q i vila: median", "sant är högst", "CPU-s för hela körningen"]  # fmt: skip
    return [
        *table(first, [_to_first(*pair) for pair in found]), "",
        *table(end, [_at_end(*pair) for pair in found]),
    ]  # fmt: skip


def _to_first(contestant: Contestant, runs: list[Row]) -> list[str]:
    seconds = at_first(runs, "cpu_seconds")
    passed = sum(value is not None for value in seconds)
    spread = span(percentile(seconds, 10), percentile(seconds, 90))
    return [
        contestant.name, str(len(runs)), f"{passed} av {len(runs)}",
        f"{number(median(seconds), 3)} ({spread})",
        number(median(at_first(runs, "with_checks")), 3),
        number(median(at_first(runs, "gradient_steps")), 6),
        number(median(at_first(runs, "environment_steps")), 6),
    ]  # fmt: skip


def _at_end(contestant: Contestant, runs: list[Row]) -> list[str]:
    n, task = len(runs), contestant.task
    if any(run["cut_short"] for run in runs):
        return [contestant.name, "avbrutet vid den första godkända", *["–"] * 5]
    checks, passed = (sum(run[name] for run in runs) for name in ("n_checks", "n_passed"))
    bound = 1 / (1 - contestant.discount_factor)
    return [
        contestant.name, share(n_solved(runs, task), n),
        share(n_solved(runs, task, "held_out_best"), n), f"{100 * passed / checks:.0f} %",
        number(median([run["q_at_rest"] for run in runs]), 3), number(bound),
        number(median([run["cpu_seconds"] for run in runs]), 3),
    ]  # fmt: skip


def ratio_sentences(results: Results) -> Iterator[str]:
    """Hur många gånger mer processortid de andra behöver till den första godkända prövningen."""
    for key in ("sb3", "sb3-skalad", "cleanrl"):
        theirs, ours = runs_of(results, key), runs_of(results, "dqn")
        if not theirs or not ours:
            continue
        bare, checked = (_ratio(theirs, ours, name) for name in ("cpu_seconds", "with_checks"))
        few = f" {TOO_FEW}" if min(len(theirs), len(ours)) < FEWEST else ""
        yield (
            f"- **{BY_KEY[key].name}** behöver {bare[0]} processortid till den första godkända "
            f"prövningen ({bare[1]}), prövningarna oräknade. Med prövningarna är det {checked[0]} "
            f"({checked[1]}).{few}"
        )


def _ratio(theirs: list[Row], ours: list[Row], name: str) -> tuple[str, str]:
    """Så många gånger större de andras median är, och hur säkert det är."""
    slow, fast = at_first(theirs, name), at_first(ours, name)
    middle = median(fast)
    if min(len(slow), len(fast)) < FEWEST:
        each = [math.inf if value is None else value / middle for value in slow]
        spread = f"de enskilda fröna {span(min(each), max(each))}"
    else:
        spread = f"95 %: {span(*ratio_interval(slow, fast))}"
    return f"{number(median(slow) / middle, 2)} gånger så mycket", spread


def first_picture(results: Results) -> Picture:
    """Processortid och träningssteg till den första godkända prövningen, en prick per frö."""
    panels: dict[str, dict[str, list[float]]] = {}
    for label, name in (
        ("CPU-sekunder, utan prövningar", "cpu_seconds"), ("träningssteg", "gradient_steps")
    ):  # fmt: skip
        values = {c.name: at_first(runs, name) for c, runs in measured(results, CARTPOLE)}
        kept = {who: [v for v in found if v] for who, found in values.items()}
        panels[label] = {who: found for who, found in kept.items() if found}
    return dots_per_seed(panels, logarithmic=list(panels))


def elsewhere_section(results: Results) -> Lines:
    """Miljöerna som inget är valt för."""
    rows = [
        [
            contestant.task.name, str(len(runs)), str(sum(bool(run["first"]) for run in runs)),
            share(n_solved(runs, contestant.task), len(runs)),
            number(median([run["held_out"] for run in runs]), 4),
            f"{number(min(r['held_out'] for r in runs), 4)} till "
            f"{number(max(r['held_out'] for r in runs), 4)}",
            number(contestant.task.solved_at), number(median([r["cpu_seconds"] for r in runs])),
        ]
        for contestant in CONTESTANTS if contestant.task != CARTPOLE
        if (runs := runs_of(results, contestant.key))
    ]  # fmt: skip
    head = ["miljö", "frön", "klarade någon prövning", "löst i slutet", "medelpoäng: median",
            "sämst till bäst", "gräns", "CPU-s"]  # fmt: skip
    return table(head, rows) if rows else [NOT_MEASURED]


# --- delarna -------------------------------------------------------------------------------------


def profile_section(results: Results) -> Lines:
    """Vart tiden går, som andelar av alla profilerade träningar tillsammans."""
    if not results["profile"]:
        return [NOT_MEASURED]
    totals: dict[str, float] = {}
    for row in results["profile"]:
        for name, seconds in row["seconds"].items():
            totals[name] = totals.get(name, 0.0) + seconds
    whole, n = sum(totals.values()), len(results["profile"])
    ordered = sorted(totals.items(), key=lambda pair: -pair[1])
    rows = [[name, f"{100 * s / whole:.0f} %", number(s / n, 2)] for name, s in ordered]
    trainings = counted(n, "träning", "träningar")
    return [
        f"Talen är medelvärden av {trainings}. En träning tog i genomsnitt "
        f"{number(whole / n, 3)} CPU-s.", "",
        *table(["del", "andel", "CPU-s per träning"], rows),
    ]  # fmt: skip


def parts_section(results: Results) -> Lines:
    """Mikrosekunder för varje del, bredvid golvet, och buffertarna för sig."""
    if not results["parts"]:
        return [NOT_MEASURED]
    lines = []
    for row in results["parts"]:
        if row["stored"] is None:
            cells = [[name, number(us)] for name, us in row["microseconds"].items()]
            lines += [*table([f"{row['group']}", "µs"], cells), ""]
    for group in parts.BUFFERS:
        lines += [*_buffer_table(results, group), ""]
    if pictured := costs_of(results, parts.BUFFERS[1]):
        lines.append(f"![{buffer_picture(pictured).alt}]({PICTURES}/buffertar.svg)")
    return lines


def costs_of(results: Results, group: str) -> dict[int, dict[str, float]]:
    """Antalet sparade → namn → mikrosekunder."""
    return {
        row["stored"]: row["microseconds"]
        for row in results["parts"]
        if row["group"] == group and row["stored"]
    }


def _buffer_table(results: Results, group: str) -> Lines:
    costs = costs_of(results, group)
    if not costs:
        return []
    head = [f"{group}, µs", *(f"{swedish_number(n)} sparade" for n in costs)]
    names = next(iter(costs.values()))
    return table(head, [[name, *(number(cost[name]) for cost in costs.values())] for name in names])


def buffer_picture(costs: dict[int, dict[str, float]]) -> Picture:
    """Vad en batch kostar mot antalet sparade."""
    return cost_lines(list(costs), list(costs.values()))


# --- rättning och väntan -------------------------------------------------------------------------


def grading_section(results: Results) -> Lines:
    """Klasserna, kvoten mot de andra rättarna, och takten med flera rättare åt gången."""
    order = (OURS, AGAIN, NBGRADER, OTTER)
    rows = [row for row in results["grading"] if row["grader"] in order]
    rows.sort(key=lambda row: (order.index(row["grader"]), row["students"]))
    if not rows:
        return [NOT_MEASURED]
    cells = [
        [
            row["grader"], str(row["students"]), number(row["cpu_seconds"]),
            number(row["cpu_seconds"] / row["students"]), f"{row['largest_process_mb']} MB",
            ", ".join(number(points) for points in row["points"]),
        ]
        for row in rows
    ]  # fmt: skip
    head = ["rättare", "studenter", "CPU-s", "CPU-s per student", "minne", "poäng för allt rätt"]
    return [*table(head, cells), "", *_grading_sentences(rows), *_processes(results["grading"])]


def _processes(rows: list[Row]) -> Lines:
    """Takten med flera rättare åt gången, utan och med kluster."""
    cells = [
        [
            row["grader"], str(row["processes"]), number(row["files_per_second"], 2),
            number(row["seconds_to_first"], 2), number(row["cpu_seconds"] / row["files"], 2),
            f"{row['largest_process_mb']} MB",
        ]
        for row in rows if "processes" in row
    ]  # fmt: skip
    head = ["kursens rättare", "rättare åt gången", "filer i sekunden", "s till den första",
            "CPU-s per fil, allt inräknat", "minne hos läraren"]  # fmt: skip
    return ["", *table(head, cells)] if cells else []


def _grading_sentences(rows: list[Row]) -> Iterator[str]:
    ours = sorted((r for r in rows if r["grader"] == OURS), key=lambda r: r["students"])
    if ours and ours[0]["students"] * LEAST_GROWTH <= ours[-1]["students"]:
        small, large = ours[0], ours[-1]
        more = large["students"] - small["students"]
        each = (large["cpu_seconds"] - small["cpu_seconds"]) / more
        fixed = small["cpu_seconds"] - each * small["students"]
        yield (
            f"- Kursens rättare kostar {number(fixed, 2)} CPU-s att starta och {number(each, 2)} "
            f"för varje student till, räknat på {small['students']} och {large['students']} "
            "studenter."
        )
    for row in rows:
        if row["grader"] in (NBGRADER, OTTER) and ours:
            theirs, best = (r["cpu_seconds"] / r["students"] for r in (row, ours[-1]))
            students = counted(row["students"], "student", "studenter")
            yield (
                f"- {row['grader']} behöver {number(theirs / best, 2)} gånger så mycket "
                f"processortid per student ({students} där, "
                f"{ours[-1]['students']} här)."
            )
        if row["grader"] == AGAIN:
            yield (
                "- När allt redan är rättat tar samma kommando "
                f"{number(row['cpu_seconds'], 2)} CPU-s: importerna, läsningen och rapporterna."
            )


def waiting_section(results: Results) -> Lines:
    """Böckerna och installationen."""
    books = [row for row in results["waiting"] if row["book"]]
    if not books:
        return [NOT_MEASURED]
    rows = [
        [
            row["book"], str(row["cells"]), number(row["cpu_seconds"]),
            f"{number(row['slowest_seconds'])} (`{row['slowest_cell']}`)",
            number(row["slowest_check"], 2),
        ]
        for row in books
    ]  # fmt: skip
    head = ["bok", "kodceller", "CPU-s, hela boken", "långsammaste cellen",
            "långsammaste `check()`"]  # fmt: skip
    return [*table(head, rows), "", *_waiting_sentences(results["waiting"])]


def _waiting_sentences(rows: list[Row]) -> Iterator[str]:
    """Installationen, starten och testkommandot."""
    for row in rows:
        if row.get("what") == INSTALLATION:
            yield (
                f"- **Installationen** är {row['packages']} paket. pip hämtar "
                f"{row['downloaded_mb']} MB, som blir {row['megabytes']} MB på disken, och det tog "
                f"{row['seconds']} s på klockan."
            )
            yield (
                f"- **Starten**, från `python kurs.py` tills JupyterLab ger sin sida och den "
                f"första boken, tog {number(row['first_start'])} s första gången och "
                f"{number(row['second_start'])} s andra gången. Därtill kommer tiden som "
                "webbläsaren behöver för att rita."
            )
        if row.get("what") == TESTS:
            yield (
                f"- **Testkommandot**, `python kurs.py test` utan `--allt`, tog {row['seconds']} s "
                f"på klockan för {swedish_number(row['passed'])} test i tre processer. De "
                "långsammaste:"
            )
            yield from ("", *table(["test", "s"], _slow_tests(row)))


def _slow_tests(row: Row) -> list[list[str]]:
    return [[f"`{name}`", number(seconds)] for seconds, name in row["slowest"]]


# --- hela sidan ----------------------------------------------------------------------------------


def as_page(results: Results) -> str:
    """Sidan som markdown."""
    text = Path(__file__).with_name("sida.md").read_text(encoding="utf-8")
    sections: dict[str, Callable[[Results], Lines]] = {
        "dator": machine_lines,
        "program": contestant_lines,
        "inlärning": learning_section,
        "andra miljöer": elsewhere_section,
        "profil": profile_section,
        "delar": parts_section,
        "rättning": grading_section,
        "väntan": waiting_section,
    }
    for name, lines in sections.items():
        text = text.replace(f"{{{{{name}}}}}", "\n".join(lines(results)))
    return text


def machine_lines(results: Results) -> Lines:
    """Datorn och versionerna."""
    facts = {**results["machine"], **results["packages"]}
    return [f"{', '.join(f'{name} {value}' for name, value in facts.items())}."]


def contestant_lines(results: Results) -> Lines:
    """Vad som är sagt om varje program som har körts."""
    ran = {row["contestant"] for row in results["learning"]}
    return [
        f"- **{c.name}** ({c.task.name}, prövas vart {swedish_number(c.check_every)}:e miljösteg, "
        f"högst {swedish_number(c.max_steps)}): {c.about}"
        for c in CONTESTANTS
        if c.key in ran
    ]


def pictures(results: Results) -> dict[str, Picture]:
    """Filnamnet → bilden, för det som är mätt."""
    found = {}
    if any(run["first"] for run in results["learning"]):
        found["inlarning.svg"] = first_picture(results)
    if costs := costs_of(results, parts.BUFFERS[1]):
        found["buffertar.svg"] = buffer_picture(costs)
    return found


def write_page(path: Path) -> Path:
    """Gör sidan och bilderna bredvid resultatfilen; ur kursens egen fil också BILAGA:s tabell."""
    results, made = read(path), path.with_name(PAGE)
    folder = path.with_name(PICTURES)
    folder.mkdir(exist_ok=True)
    for name, picture in pictures(results).items():
        picture.save(folder / name)
    made.write_text(as_page(results), encoding="utf-8")
    if path == RESULTS and all(runs_of(results, key) for key in TABLE_NAMES):
        APPENDIX.write_text(appendix_with(results, APPENDIX.read_text(encoding="utf-8")), "utf-8")
    return made


# --- två datorer ---------------------------------------------------------------------------------


def comparison(one: Results, other: Results) -> Lines:
    """Säg för varje program om två mätningars intervall överlappar; tider jämförs aldrig."""
    lines = []
    for contestant in CONTESTANTS:
        pair = [runs_of(results, contestant.key) for results in (one, other)]
        if all(pair):
            solved, steps = (agreement(pair, contestant.task, what) for what in (True, False))
            lines.append(f"{contestant.name}, {contestant.task.name}: intervallen för andelen "
                         f"lösta {solved}, och de för träningsstegen {steps}.")  # fmt: skip
    return lines or ["Filerna har inget program gemensamt."]


def agreement(pair: Sequence[list[Row]], task: Task, solved: bool) -> str:
    """Om intervallen för andelen lösta, eller för träningsstegens median, överlappar."""
    if solved:
        intervals = [wilson_interval(n_solved(runs, task), len(runs)) for runs in pair]
    else:
        intervals = [median_interval([run["gradient_steps"] for run in runs]) for runs in pair]
    return "överlappar" if overlap(*intervals) else "skiljer sig mer än slumpen förklarar"
