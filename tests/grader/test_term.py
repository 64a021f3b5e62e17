"""Terminens rapport: det som försvann, det som är kvar, och en sida i kursens form."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dqn_helpers.autograder.result import ClassResult, ExerciseResult, to_json
from dqn_helpers.exercises.registry import known_mistakes
from dqn_helpers.submission.collect import UsageError
from dqn_helpers.teacher import term

from .report_samples import Page, by_teacher, exercise, results, submission, unreadable

MASK, KEEPDIM = (one.id for one in known_mistakes("3.1")[:2])
UNKNOWN = "härlett misstag"


def wrong(mistake: str, text: str = "Så här blev det.") -> ExerciseResult:
    return exercise("3.1", True, False, misconception=mistake, texts=(text,))


RIGHT = exercise("3.1")


def of(name: str, made: ExerciseResult, **changes: Any) -> Any:
    return submission(f"{name}/03.ipynb", made, student=name, **changes)


TERM: dict[str, ClassResult] = {
    "vecka 1": results(
        *(of(name, wrong(MASK)) for name in ("anna", "bo", "cia", "dan")),
        of("eva", wrong(UNKNOWN)),
        of("fia", RIGHT),
        unreadable("gun/03.ipynb"),
    ),
    # Den andra omgången står först: den är ändå nyare.
    "vecka 2": results(
        of("anna", RIGHT, batch=2),
        of("anna", wrong(KEEPDIM), batch=1),
        of("bo", wrong(KEEPDIM)),
        of("cia", wrong(MASK)),
        of("dan", exercise("3.2")),
        submission("okänd.ipynb", wrong(MASK)),
    ),
    "vecka 3": results(
        of("cia", replace(wrong(MASK, "<b>Igen</b>"))),
        submission("okänd.ipynb", RIGHT),
        submission("hilda/05.ipynb", by_teacher(None), by_teacher(3), student="hilda"),
    ),
}


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    for name, graded in TERM.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(json.dumps(to_json(graded)), "utf-8")
    return [tmp_path / name for name in TERM]


def test_progress_counts_the_latest_of_each_student(folders: list[Path]) -> None:
    rows = term.progress(term.read_hand_ins(folders))
    assert list(rows) == ["3.1", "3.2", "5.4"]
    n_right = {place: (one.n_passed, one.n_students) for place, one in rows["3.1"].items()}
    assert n_right == {0: (1, 6), 1: (1, 4), 2: (1, 2)}
    assert rows["3.1"][2].share == pytest.approx((1 + 0.5) / 2)
    assert rows["5.4"][2].share == 3 / 4, "det som inte är bedömt räknas inte"


def test_a_mistake_goes_away_or_stays(folders: list[Path]) -> None:
    found = {one.mistake: one for one in term.fates(term.read_hand_ins(folders))}
    mask = found[MASK]  # anna rätt till slut, bo annat, cia kvar, dan och okänd inte igen
    assert (mask.n_solved, mask.n_other, mask.n_stayed, mask.n_once) == (1, 1, 1, 2)
    assert mask.text == known_mistakes("3.1")[0].text
    assert (found[KEEPDIM].n_solved, found[KEEPDIM].n_once) == (1, 1)
    assert found[UNKNOWN].text == "Så här blev det."
    assert next(iter(found)) == MASK, "det vanligaste står först"


def test_files_without_a_known_student_are_never_the_same_student(folders: list[Path]) -> None:
    series = term.series_of(term.read_hand_ins(folders))
    assert [len(one) for one in series if one[0].name == "okänd.ipynb"] == [1, 1]


def test_the_same_mistake_in_a_row_is_pointed_out(folders: list[Path]) -> None:
    stuck = term.still_there(term.read_hand_ins(folders))
    assert [(one.name, one.exercise, times) for one, times in stuck] == [("cia", "3.1", 3)]


def test_the_page_is_whole_and_harmless(
    folders: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = folders[0].parent / "termin.html"
    assert term.main([*map(str, folders), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    html = out.read_text("utf-8")
    page = Page(html)
    assert page.all("html")[0]["lang"] == "sv" and not page.all("script") and not page.all("img")
    assert not [tag for tag, values in page.tags if values.get("src")]
    assert "<b>Igen" not in html and "<b>Igen</b>" in page.text
    assert "vecka 2" in page.words() and "1 av 6 har full poäng" in page.words()
    assert all(one.get("scope") in ("col", "row") for one in page.all("th"))


def test_a_term_without_anything_to_show_says_so(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(to_json(results())), "utf-8")
    words = Page(term.term_page([tmp_path], term.read_hand_ins([tmp_path]))).words()
    for text in ("inga rättade övningar", "något misstag ur katalogen", "Ingen har samma misstag"):
        assert text in words


@pytest.mark.parametrize("text", [None, "{", "[]", '{"submissions": [{"batch": 1}]}'])
def test_what_is_not_a_graded_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    if text is not None:
        (tmp_path / "results.json").write_text(text)
    with pytest.raises(UsageError):
        term.read_hand_ins([tmp_path])
    assert term.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("Fel: ")
