"""Likheter: det som är gemensamt och ovanligt hittas, och det som alla har räknas inte."""

import csv
import random
import re
from pathlib import Path

import pytest

from dqn_helpers.submission.cells import CellSource
from dqn_helpers.submission.collect import Submission, UsageError
from dqn_helpers.teacher import similar
from dqn_helpers.teacher.similar import (
    CODE,
    TEXT,
    Work,
    code_tokens,
    export,
    fingerprints,
    hashes,
    ours,
    pairs,
    segments,
    similar_page,
    text_tokens,
    works_of,
)

from .report_samples import Page

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("max", "min", "gather", "argmax", "mean", "sum", "clone", "detach", "float", "view")
WORDS = [a + b for a in "bcdfghjklm" for b in ("ala", "epo", "iru", "oda", "usi", "ymo")]


def own_solution(seed: int, n_lines: int = 12) -> str:
    """En lösning som ingen annan har."""
    rng = random.Random(seed)
    lines = [
        f"    x{i} = {rng.choice('abc')}.{rng.choice(METHODS)}({rng.randint(0, 9)}) "
        f"{rng.choice('+-*/@')} {rng.choice('xyz')}.{rng.choice(METHODS)}({rng.choice('pq')})"
        for i in range(n_lines)
    ]
    return "\n".join(["def target(a, b, c):", *lines, "    return x1"])


def disguised(code: str) -> str:
    """Samma lösning med andra namn, tal, kommentarer, radbrytningar och indrag."""
    code = re.sub(r"\b([abcxyzpq])\b", r"my_\1", code)
    code = re.sub(r"\bx(\d+)\b", r"result_\1", code)
    code = re.sub(r"\b\d\b", "42", code)
    return code.replace("    ", "\t").replace(" = ", "  =  ").replace("\n", "  # hej\n\n", 5)


def work(who: str, text: str, tokens=code_tokens) -> Work:
    return Work(who, who, f"{who}.ipynb", text, tokens(text))


CLASS = [work(f"s{n}", own_solution(n)) for n in range(58)]
COPY = work("kopia", disguised(own_solution(7)))


def names(found) -> list[set[str]]:
    return [{pair.first.name, pair.second.name} for pair in found]


def test_new_names_comments_and_layout_do_not_hide_a_likeness() -> None:
    (pair, *rest) = pairs([*CLASS, COPY], CODE, set())
    assert {pair.first.name, pair.second.name} == {"s7", "kopia"} and pair.share > 0.95
    assert not rest


def test_only_those_who_share_something_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    real = similar._pair
    monkeypatch.setattr(similar, "_pair", lambda *a: compared.append(1) or real(*a))
    rng = random.Random(2)
    texts = [" ".join(rng.choices(WORDS, k=60)) for _ in range(60)]
    works = [work(str(n), text, text_tokens) for n, text in enumerate([*texts, texts[4]])]
    assert names(pairs(works, TEXT, set())) == [{"4", "60"}]
    assert len(compared) < 5, "61 texter är 1830 par"


def test_what_the_course_has_written_and_what_many_have_written_do_not_count() -> None:
    same = own_solution(1000)
    everyone = [work(f"s{n}", f"{own_solution(n)}\n\n{same}") for n in range(20)]
    assert pairs(everyone, CODE, set()) == []
    two = [work("a", same), work("b", same)]
    assert names(pairs(two, CODE, set())) == [{"a", "b"}]
    assert pairs(two, CODE, set(hashes(code_tokens(same), CODE))) == []


def test_a_reflection_that_most_of_the_class_has_is_found() -> None:
    """Tolv av tjugo hade samma reflektion, och en med några ord till: det ska synas, en gång."""
    rng = random.Random(4)
    same = " ".join(rng.choices(WORDS, k=80))
    own = [" ".join(rng.choices(WORDS, k=80)) for _ in range(7)]
    texts = [same] * 12 + own + [f"{same} med ett par ord till"]
    works = [work(f"s{n}", text, text_tokens) for n, text in enumerate(texts)]
    first, second = pairs(works, TEXT, set())
    found = {f"{one.first.name}, {one.second.name}" for one in (first, second)}
    everyone = ", ".join(f"s{n}" for n in range(12))
    assert everyone in found and any(name.endswith("s10, s19") for name in found)
    shown, n_pairs = similar_page({"Reflektionen i 5.4": works}, {CODE: set(), TEXT: set()})
    assert n_pairs == 2 and "s10 och s11" in Page(shown).words()


def test_the_answer_key_and_the_handed_out_book_are_known() -> None:
    code, text, handed_out = ours()
    path = next((ROOT / "solutions").glob("05_*.ipynb"))
    (book,) = similar.find_submissions([path])
    answer = next(cell.text for cell in book.cells if "def double_dqn_target" in cell.text)
    assert pairs([work(w, answer) for w in "ab"], CODE, code) == []
    question = max((part for _, part in book.markdown), key=len)
    assert pairs([work(w, question, text_tokens) for w in "ab"], TEXT, text) == []
    (given, *_) = similar.find_submissions([ROOT / "notebooks"])
    assert similar.own_code(given, handed_out) == ""


def test_a_students_own_files_are_no_pair() -> None:
    first, second = (work("s7", own_solution(7)) for _ in range(2))
    assert pairs([first, second, *CLASS[20:30]], CODE, set()) == []


def test_a_paragraph_that_two_have_is_found_and_marked() -> None:
    rng = random.Random(3)
    shared = " ".join(rng.choices(WORDS, k=40))
    texts = [" ".join(rng.choices(WORDS, k=60)) for _ in range(10)]
    works = [work(str(n), text, text_tokens) for n, text in enumerate(texts)]
    works[2] = work("2", f"{texts[2]}\n\n{shared}", text_tokens)
    works[5] = work("5", f"{shared.upper()}. {texts[5]}", text_tokens)
    (pair, *rest) = pairs(works, TEXT, set())
    assert {pair.first.name, pair.second.name} == {"2", "5"} and not rest
    marked = "".join(
        text for text, is_shared in segments(pair.first, pair.shared, TEXT) if is_shared
    )
    words = len(marked.split())
    assert 30 <= words <= 40 and texts[2].split()[0] not in marked.split()[:1]


@pytest.mark.parametrize("grain", [CODE, TEXT])
def test_every_common_run_of_the_promised_length_is_found(grain: similar.Grain) -> None:
    """Löftet i winnowing: en gemensam följd av `length + window - 1` tecken delar ett avtryck."""
    rng = random.Random(1)
    length = grain.length + grain.window - 1
    for _ in range(200):
        run = " ".join(rng.choices(WORDS, k=length))
        around = (" ".join(rng.choices(WORDS, k=rng.randint(0, 30))) for _ in range(4))
        texts = [f"{next(around)} {run} {next(around)}" for _ in range(2)]
        first, second = (fingerprints(hashes(text_tokens(t), grain), grain) for t in texts)
        assert first.keys() & second.keys()


def test_texts_of_any_kind_are_read() -> None:
    for text in ("", "'''oavslutad", 'f"{x', "def f(:\n %matplotlib", "a" * 100_000, "'" * 5_001):
        assert isinstance(code_tokens(text), list)
        assert fingerprints(hashes(code_tokens(text), CODE), CODE) is not None


# --- sidan och exporten ---------------------------------------------------------------------------


def handed_in(name: str, code: str, **about) -> Submission:
    cells = (CellSource("cell 1", "%pip list\nimport torch"), CellSource("cell 2", code))
    return Submission(f"{name}/05.ipynb", name, "", "05", cells, **about)


def test_the_page_shows_both_texts_and_judges_no_one() -> None:
    hostile = f"{own_solution(1)}\n# <script>alert(1)</script>"
    students = [handed_in("<b>Anna</b>", hostile), handed_in("Bo", disguised(hostile))]
    html, n_pairs = similar_page(works_of(students, frozenset()), {CODE: set(), TEXT: set()})
    page = Page(html)
    assert n_pairs == 1 and "<b>Anna</b> och Bo" in page.words()
    assert not {"script", "b"} & {tag for tag, _ in page.tags} and len(page.all("mark")) >= 2
    assert "säger inte varför" in page.words() and "2 texter är jämförda." in page.words()
    alone, _ = similar_page(works_of(students[:1], frozenset()), {CODE: set(), TEXT: set()})
    assert "bara en text" in Page(alone).words() and "1 texter" not in Page(alone).words()
    pages = [ROOT / "README.md", ROOT / "LARARE.md"]
    sources = [*(ROOT / "dqn_helpers/teacher").rglob("*.[phj]*"), *pages]
    texts = {path.name: path.read_text("utf-8") for path in sources if path.suffix != ".pyc"}
    assert [name for name, text in texts.items() if re.search(r"(?i)fusk|plagi", text)] == []


def test_the_export_is_read_by_jplag_and_dolos(tmp_path: Path) -> None:
    students = [handed_in("Åsa Öst", "x = 1"), handed_in("Åsa Öst", "x = 2"),
                handed_in("bo", "!ls", canvas_id="7")]  # fmt: skip
    assert export(tmp_path / "ut", students) == 3
    written = {path.relative_to(tmp_path / "ut").as_posix() for path in tmp_path.rglob("*.py")}
    handed = {name for name in written if name.startswith("inlamningar/")}
    assert handed == {"inlamningar/Asa-Ost/05.py", "inlamningar/Asa-Ost/05-2.py",
                      "inlamningar/bo-7/05.py"}  # fmt: skip
    assert "mall/05.py" in written
    with (tmp_path / "ut/info.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["filename"] for row in rows} == handed
    assert {row["full_name"] for row in rows} == {"Åsa Öst", "bo"}
    for name in written:
        compile((tmp_path / "ut" / name).read_text(encoding="utf-8"), name, "exec")
    with pytest.raises(UsageError, match="inte tom"):
        export(tmp_path / "ut", students)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert similar.main([str(ROOT / "notebooks"), "--out", str(tmp_path / "ut")]) == 0
    assert " filer jämfördes, och det blev 0 par att titta på: " in capsys.readouterr().out
    (book,) = (ROOT / "notebooks").glob("05_*.ipynb")
    assert similar.main([str(book), "--out", str(tmp_path / "ut")]) == 0
    assert capsys.readouterr().out.startswith("1 fil jämfördes, ")
    assert similar.main([str(tmp_path / "finns inte")]) == 2
