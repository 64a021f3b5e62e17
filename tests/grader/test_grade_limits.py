"""Betygsgränserna: standarden, egna skalor och begripliga fel."""

from pathlib import Path

import pytest

from dqn_helpers.teacher.grade_limits import (
    DEFAULT_FILE,
    GradeLimitsError,
    letter,
    load_grade_limits,
    submission_letter,
    with_letters,
)

from .report_samples import by_teacher, exercise, internal, results, submission

LIMITS = load_grade_limits()
FIVE = {"5.1": 4.0, "5.2": 4.0, "5.3": 2.0}


def five(*points: float | None) -> list[dict]:
    return [exercise(n, points=p) for n, p in zip(FIVE, points, strict=True)]


def saved(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mina_gränser.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((4, 4, 2), "VG"),
        ((4, 4, 0.5), "VG"),
        ((4, 4, 0), "G"),  # 80 %
        ((4, 3.5, 2), "G"),  # 95 %, men inte hela 5.2
        ((3.5, 4, 2), "G"),
        ((4, 2.5, 0), "G"),
        ((4, 2, 0), "U"),  # 60 %
        ((4, 0, 2), "U"),  # 5.3 lyfter inte den som bara har en av de andra
        ((0, 4, 2), "U"),
        ((0, 0, 2), "U"),
        ((0, 0, 0), "U"),
        ((4, None, 2), None),  # manuell granskning
    ],
)
def test_default_limits(points: tuple[float | None, ...], expected: str | None) -> None:
    assert letter(five(*points), "05", LIMITS) == expected


def test_the_written_answer_counts_when_it_is_assessed() -> None:
    """8,5 av 10 är 85 procent; med noll poäng på 5.4 är det 8,5 av 14, 61 procent."""
    waiting = submission("a", *five(4, 4, 0.5), by_teacher(None))
    assert (waiting.points, waiting.max_points, waiting.waiting) == (8.5, 14, ["5.4"])
    assert waiting.complete_points == 8.5 and not waiting.undecided
    (one,) = with_letters(results(waiting), LIMITS).submissions
    assert (one.grade, one.grade_note) == ("VG", "utan 5.4")
    for points, grade in ((0, "U"), (0.5, "G"), (3, "G"), (3.5, "VG")):  # av 14
        assessed = submission("a", *five(4, 4, 0.5), by_teacher(points))
        assert (assessed.points, assessed.max_points) == (8.5 + points, 14)
        (one,) = with_letters(results(assessed), LIMITS).submissions
        assert (one.grade, one.grade_note) == (grade, None)


def test_no_note_without_a_letter() -> None:
    (one,) = with_letters(
        results(submission("a", internal("5.1"), by_teacher(None))), LIMITS
    ).submissions
    assert (one.grade, one.grade_note) == (None, None)


def test_only_notebook_five_gets_a_letter() -> None:
    assert list(LIMITS) == ["05"]
    assert letter([exercise("3.1")], "03", LIMITS) is None
    assert letter([exercise("3.1")], "05", LIMITS) is None


def test_no_letter_when_only_some_exercises_were_graded() -> None:
    assert letter([exercise("5.1"), exercise("5.2")], "05", LIMITS) is None


def test_the_letter_of_a_submission() -> None:
    assert submission_letter(submission("a", *five(4, 4, 2)), LIMITS) == "VG"
    assert submission_letter(submission("a", exercise("3.1"), *five(4, 4, 2)), LIMITS) == "VG"
    assert submission_letter(submission("a", exercise("5.1"), internal("5.2")), LIMITS) is None
    assert submission_letter(submission("a", *five(4, 4, 2), status="error"), LIMITS) is None


def test_other_scales_and_several_books(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        """
        [bok.03]
        annars = "F"
        betyg = [
            { bokstav = "A", procent = 90, alla_av = ["3.3"] },
            { bokstav = "B", procent = 90 },
            { bokstav = "E", procent = 12.5 },
        ]
        [bok.05]
        annars = "3"
        betyg = [{ bokstav = "5", procent = 100 }]
        """,
    )
    limits = load_grade_limits(path)
    three = [exercise("3.1"), exercise("3.2"), exercise("3.3")]
    assert letter(three, "03", limits) == "A"
    assert letter([*three[:2], exercise("3.3", points=3.9)], "03", limits) == "B"
    none = [exercise("3.2", points=0), exercise("3.3", points=0)]
    assert letter([exercise("3.1", points=1.0), *none], "03", limits) == "E"  # 1 av 8
    assert letter([exercise("3.1", points=0.5), *none], "03", limits) == "F"
    assert submission_letter(submission("a", *three, *five(4, 4, 2)), limits) == "03 A, 05 5"
    assert submission_letter(submission("a", *three), limits) == "A"


def test_decimals_from_the_examiner_reach_the_limit(tmp_path: Path) -> None:
    text = '[bok.03]\nannars = "U"\nbetyg = [{ bokstav = "G", procent = 11.25 }]'
    limits = load_grade_limits(saved(tmp_path, text))
    assert 0.3 + 0.3 + 0.3 < 0.9
    parts = [exercise(n, points=0.3) for n in ("3.1", "3.2", "3.3")]
    assert letter(parts, "03", limits) == "G"


def test_an_empty_file_gives_no_letters(tmp_path: Path) -> None:
    assert load_grade_limits(saved(tmp_path, "# inga betyg\n")) == {}


def test_the_examples_in_the_comments_are_valid(tmp_path: Path) -> None:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    example = "\n".join(line[2:] for line in text.split("# [bok.03]")[1].splitlines())
    limits = load_grade_limits(saved(tmp_path, f"{text}\n[bok.03]\n{example}"))
    assert [limit.letter for limit in limits["03"].limits] == ["A", "B", "C", "D", "E", "Fx"]


def test_saved_by_windows_notepad(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(DEFAULT_FILE.read_bytes().replace(b"\n", b"\r\n"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_grade_limits(path) == LIMITS


BOOK = '[bok.05]\nannars = "U"\nbetyg = '


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[bok.05", "inte giltig TOML; läsningen stannade (på rad 1|i slutet)"),
        (BOOK + "[{ bokstav = 'G', procent = 62,5 }]", "stannade på rad 3, tecken .*punkt"),
        ("[bok.06]", r"\[bok.06\]: boken finns inte. Välj bland 01, 01a, 01b, 02, 03, 04, 05"),
        ("[bok.5]", "boken finns inte"),
        ("[bokk.05]", "känner inte igen ”bokk”. Menade du `bok`"),
        ("bok = 5", "tabeller som"),
        ("bok.05 = 5", "ska vara en tabell"),
        ("[bok.05]\nannars = 'U'", "`betyg` ska vara en lista"),
        (BOOK + "'G'", "`betyg` ska vara en lista"),
        (BOOK + "['G']", "betyg 1 ska se ut så här"),
        ("[bok.05]\nbetyg = []", "`annars` ska vara ett betyg"),
        (BOOK + "[{ bokstav = 5, procent = 60 }]", "`bokstav` ska vara ett betyg inom citattecken"),
        (BOOK + "[{ bokstav = ' ', procent = 60 }]", "`bokstav` ska vara"),
        (BOOK + "[{ bokstav = 'G' }]", "ett tal över 0 och högst 100, men det saknas"),
        (BOOK + "[{ bokstav = 'G', procent = '60' }]", 'men är "60"'),
        (BOOK + "[{ bokstav = 'G', procent = 101 }]", "högst 100"),
        (BOOK + "[{ bokstav = 'G', procent = nan }]", "`procent` ska vara"),
        (BOOK + "[{ bokstav = 'G', procent = true }]", "men är true"),
        (BOOK + "[{ bokstav = 'G', procnt = 60 }]", "Menade du `procent`"),
        (BOOK + "[{ bokstav = 'G', procent = 60, alla_av = '5.1' }]", "`alla_av` ska vara som"),
        (BOOK + "[{ bokstav = 'G', procent = 60, alla_av = [5.1] }]", "nämner 5.1.*citattecken"),
        (
            BOOK + "[{ bokstav = 'G', procent = 60, alla_av = ['3.1'] }]",
            "har övningarna 5.1, 5.2 och",
        ),
        (BOOK + "[{ bokstav = 'G', procent = 60, alla_av = ['5.4'] }]", 'nämner "5.4"'),
        (
            BOOK + "[{ bokstav = 'G', procent = 60 }, { bokstav = 'VG', procent = 85 }]",
            "skriv det högsta betyget först",
        ),
        (BOOK + "[{ bokstav = 'U', procent = 60 }]", "betyget U står två gånger"),
    ],
)
def test_mistakes_in_the_file_are_explained(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(GradeLimitsError, match=problem) as caught:
        load_grade_limits(saved(tmp_path, text))
    assert "mina_gränser.toml" in str(caught.value)


def test_missing_and_badly_encoded_files(tmp_path: Path) -> None:
    with pytest.raises(GradeLimitsError, match="går inte att läsa"):
        load_grade_limits(tmp_path / "finns_inte.toml")
    path = tmp_path / "gammal.toml"
    path.write_bytes("# gränser".encode("cp1252"))
    with pytest.raises(GradeLimitsError, match="UTF-8"):
        load_grade_limits(path)


BOOK_01 = """
[bok.01]
annars = "U"
betyg = [{ bokstav = "VG", procent = 85, alla_av = ["1.3"] }, { bokstav = "G", procent = 60 }]
"""
FIRST = {"1.1": 1.0, "1.2": 3.0}
SECOND = {"1.3": 3.0, "1.4": 2.0}


def graded(points: dict[str, float]) -> dict:
    return submission("a", *(exercise(n, points=p) for n, p in points.items()))


def test_a_limit_for_book_01_holds_for_each_of_its_files(tmp_path: Path) -> None:
    limits = load_grade_limits(saved(tmp_path, BOOK_01))
    assert submission_letter(graded(FIRST), limits) == "VG"  # 1.3 hör inte till 01a
    assert submission_letter(graded(SECOND | {"1.3": 2.5}), limits) == "G"
    assert submission_letter(graded(SECOND | {"1.3": 0.0}), limits) == "U"
    assert submission_letter(graded(FIRST | SECOND), limits) == "VG"  # den äldre, hela boken
    assert submission_letter(graded(FIRST | SECOND | {"1.2": 0.0}), limits) == "G"


def test_the_files_of_book_01_may_have_limits_of_their_own(tmp_path: Path) -> None:
    own = '\n[bok.01b]\nannars = "F"\nbetyg = [{ bokstav = "A", procent = 90 }]\n'
    limits = load_grade_limits(saved(tmp_path, BOOK_01 + own))
    assert submission_letter(graded(SECOND | {"1.3": 2.5}), limits) == "A"
    assert submission_letter(graded(FIRST), limits) == "VG"
    only_own = load_grade_limits(saved(tmp_path, own))
    assert submission_letter(graded(FIRST), only_own) is None
