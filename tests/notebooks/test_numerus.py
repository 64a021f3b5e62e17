"""Ett tal och ordet efter det hör ihop: ”1 fil”, ”0 filer” och ”2 filer”, aldrig ”1 filer”.

Nästan alla språkfel som fyra läsningar lämnade efter sig var sådana. Här letas de upp i koden; att
meddelandena verkligen blir rätt när antalet är ett prövas i `test_count_of_one.py`.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from numerus import ADJECTIVES, NOUNS, Found, constants, in_file, in_python

from dqn_helpers.counting import agreeing, counted

ROOT = Path(__file__).resolve().parents[2]

BASE = "dqn_helpers/"
EXCEPTIONS = {
    (
        f"{BASE}exercises/notebook_03.py",
        "{got} gånger",
    ): "en gång är rätt och sägs aldrig vara fel",
    (
        f"{BASE}autograder/arguments.py",
        "'sekund' if number == 1 else 'sekunder'",
    ): "läses av `kurs.py` innan paketet är installerat",
    (f"{BASE}figures/learning_plots.py", "len(COLORS) kurvor"): "figurens färger är sju",
    (f"{BASE}studies/own_casino.py", "swedish_number(self.n_stored) sparade"): "minst 2 000",
    (f"{BASE}submission/collect.py", "{most} anteckningsböcker"): "fylls med MAX_NOTEBOOKS",
    (f"{BASE}submission/files.py", "most inlämnade"): "MAX_FILES eller MAX_GIVEN_FILES",
    (f"{BASE}submission/notebook.py", "n celler"): "bara när n > 1",
    (f"{BASE}submission/notebook.py", "len(cells) celler"): "bara när de är fler än MAX_CELLS",
    (f"{BASE}teacher/book/conf.py", "{resultCount} sidor"): "Sphinx väljer själv ental för 1",
    (f"{BASE}teacher/gradebook.py", "len(found) kolumner"): "bara när de är fler än en",
    (f"{BASE}toys/casino.js", '=== 1 ? "'): "ett sägs i ord: ”en kväll”",
    (f"{BASE}toys/casino.js", "${n} kvällar"): "den andra grenen av samma val",
    ("solutions/01b_q_inlarning.ipynb", "episodes episoder"): "en logg på tusentals steg",
    ("solutions/01b_q_inlarning.ipynb", "n episoder"): "filmernas rutor: 0, 5, 10 …",
    ("tests/benchmarks/page.py", "n olika frön"): "BILAGA.md, som är mätt på hundratals",
    ("tests/benchmarks/page.py", "swedish_number(n) sparade"): "rubriker: 1 000 och fler",
    ("tests/benchmarks/page.py", "large['students'] studenter"): "flera gånger fler än de få",
    ("tests/benchmarks/page.py", "number(median(slow) / middle, 2) gånger"): "en kvot",
    ("tests/benchmarks/page.py", "number(theirs / best, 2) gånger"): "en kvot",
}
"""(filen, talet och ordet) → varför det aldrig blir fel. Det som inte längre finns ska bort."""


def course_code() -> list[Path]:
    """All kod och alla mallar som gör text till studenter och lärare."""
    patterns = (
        "kurs.py",
        "dqn_helpers/**/*.py",
        "dqn_helpers/**/*.html",
        "dqn_helpers/**/*.js",
        "solutions/**/*.py",
        "solutions/*.ipynb",
        "tests/benchmarks/*.py",
    )
    found = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    return [path for path in found if not path.name.startswith("test_")]


@cache
def in_the_course() -> list[Found]:
    """Alla ställen, utom där talet är en konstant som är större än ett."""
    files = course_code()
    numbers = constants(files)
    found = [one for path in files for one in in_file(path, ROOT)]
    return [one for one in found if not min(numbers.get(one.what.split()[0], [0])) > 1]


def test_every_word_after_a_number_agrees_with_it():
    found = [str(one) for one in in_the_course() if (one.file, one.what) not in EXCEPTIONS]
    assert not found, "Använd `counted` eller `agreeing`:\n" + "\n".join(found)


def test_every_exception_is_still_needed():
    needed = {(one.file, one.what) for one in in_the_course()}
    assert not EXCEPTIONS.keys() - needed


@pytest.mark.parametrize(
    ("n", "shown"),
    [(0, "0 filer"), (1, "1 fil"), (2, "2 filer"), ("1", "1 fil"), ("1,5", "1,5 filer")],
)
def test_the_number_decides(n: int | str, shown: str):
    assert counted(n, "fil", "filer") == shown
    assert agreeing(n, "fil", "filer") == shown.split()[1]


# --- letaren själv -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        'f"{n} filer"',
        'f"{len(found)} olika frön"',
        'f"{n:,} nya egna filer finns"',
        'f"de {n} filerna"',
        'f"{n_added} tillagda"',
        '"{n} rader".format(n=n)',
        '"%d rader" % n',
        'str(n) + " episoder"',
        'print(n, "episoder")',
        'print(n, f"episoder av {m}")',
        'word = "fil" if n == 1 else "filer"',
        "f\"de {counted(n, 'fil', 'filer')}\"",
        "f\"{counted(n, 'fil', 'filer')} är rättade\"",
        "f\"{counted(n, 'fil', 'filer')} har lämnats och är inte lösta\"",
    ],
)
def test_a_number_that_the_word_does_not_follow_is_found(code: str):
    assert len(list(in_python(code))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "f\"{counted(n, 'fil', 'filer')} till\"",
        "f\"{counted(n, 'fil är rättad', 'filer är rättade')}\"",
        'f"{n} av filerna och {m} steg"',
        'f"Rad {n}: filerna saknas"',
        'f"{n} filmer"',
        'f"fröet var {n} båda gångerna"',
        'x = "a" if n == 2 else "b"',
        'x = f(n) if n == 1 else "b"',
        'print("Alla", "filer")',
    ],
)
def test_what_is_right_is_left_alone(code: str):
    assert not list(in_python(code))


@pytest.mark.parametrize(
    ("name", "text", "is_found"),
    [
        ("a.html", "<b>{{ n }}</b> filer", True),
        ("a.html", '{{ "fil" if n == 1 else "filer" }}', True),
        ("a.html", '{{ counted(n, "fil", "filer") }} av filerna', False),
        ("a.js", "`${n} rader`", True),
        ("a.js", 'n + " rader"', True),
        ("a.js", '`${n === 1 ? "rad" : "rader"}`', True),
        ("a.js", '`${counted(n, "rad", "rader")}`', False),
    ],
)
def test_templates_and_scripts_are_read_too(name: str, text: str, is_found: bool, tmp_path: Path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert bool(list(in_file(tmp_path / name, tmp_path))) is is_found


def test_every_plural_that_the_course_counts_is_known():
    """Ett nytt ord i `counted` är ett ord som letaren också ska leta efter."""
    calls = re.compile(r"""counted\([^"'`]*["'][^"']+["'], ["']([^"' ]+)["' ]""")
    used = {
        word for path in course_code() for word in calls.findall(path.read_text(encoding="utf-8"))
    }
    assert len(used) > 20
    assert not used - {*NOUNS, *ADJECTIVES}
