"""beslut.csv: läses som Excel än sparar den, och inget går förlorat."""

from dataclasses import replace
from pathlib import Path

import pytest

from dqn_helpers.autograder.result import (
    NOT_CHOSEN,
    ClassResult,
    Decision,
    decision_texts,
    remark_texts,
    teachers_texts,
    to_json,
)
from dqn_helpers.teacher.grade_limits import load_grade_limits, with_letters
from dqn_helpers.teacher.overrides import (
    Override,
    Overrides,
    applicable,
    apply,
    load_overrides,
    problems,
    read_overrides,
)
from dqn_helpers.teacher.report.statistics import needing_attention
from dqn_helpers.teacher.report.student_page import feedback_page

from .report_samples import Page, by_teacher, exercise, internal, results, submission, unreadable

RESULTS = results(
    submission(
        "k/ek_1_2_05.ipynb", exercise("5.1", False, texts=("Fel nätverk.",)), internal("5.2")
    ),
    submission("k/al_3_4_05.ipynb", exercise("5.1"), exercise("5.2")),
    submission("p/bok.ipynb", exercise("5.1")),
    submission("q/bok.ipynb", exercise("5.1")),
    submission("=1+1.ipynb", exercise("5.1")),
    unreadable("tom.ipynb", "Filen är tom."),
)
ROW = "k/ek_1_2_05.ipynb;5.1;4;Räknat för hand."


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> Overrides:
    path = tmp_path / "beslut.csv"
    path.write_bytes(text.encode(encoding))
    return read_overrides(path)


def one(points: float = 4.0, file: str = "k/ek_1_2_05.ipynb", number: str = "5.1") -> Overrides:
    return Overrides((Override(2, file, number, points, "Räknat för hand."),))


# --- läsa -----------------------------------------------------------------------------------------


def test_the_file_is_created_once_with_an_explanation(tmp_path: Path) -> None:
    out = tmp_path / "rattning"
    assert load_overrides(out) == Overrides()
    path = out / "beslut.csv"
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf#") and b"\r\nfil;" in data
    assert "fil;övning;poäng;skäl" in data.decode("utf-8-sig")
    path.write_bytes(data + f"{ROW}\r\n".encode())
    kept = path.read_bytes()
    assert [o.points for o in load_overrides(out).rows] == [4.0]
    assert path.read_bytes() == kept


HEADER = "fil;övning;poäng;skäl"
LINE = "k/ek.ipynb;5.1;1,5;Räknat; nästan rätt"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_every_way_that_excel_saves(
    tmp_path: Path, encoding: str, newline: str, delimiter: str
) -> None:
    cells = ["k/ek.ipynb", "5.1", '"1,5"', '"Räknat; ""nästan"", rätt"']
    lines = [
        "# kommentar, med, många, kommatecken; och" + delimiter,
        "",
        delimiter * 5,
        HEADER.replace(";", delimiter) + delimiter * 2,
        delimiter.join(cells) + delimiter * 2,
        delimiter * 3,
    ]
    overrides = read(tmp_path, newline.join(lines), encoding)
    reason = 'Räknat; "nästan", rätt'
    assert overrides == Overrides((Override(5, "k/ek.ipynb", "5.1", 1.5, reason),))


def test_columns_in_any_order_and_spelling(tmp_path: Path) -> None:
    text = "Skal;POÄNG ;namn; ovning;Fil\nskäl;2;x;5.1;a.ipynb"
    assert read(tmp_path, text).rows == (Override(2, "a.ipynb", "5.1", 2.0, "skäl"),)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (";5.1;4;skäl", "rad 3: kolumnen fil är tom"),
        ("a;;4;skäl", "rad 3: kolumnen övning är tom"),
        ("a;5.1;;skäl", "rad 3: kolumnen poäng är tom"),
        ("a;5.1;4;  ", "rad 3: kolumnen skäl är tom"),
        ("a;5.1;4", "rad 3: kolumnen skäl är tom"),
        ("a;5.1;01-maj;skäl", "rad 3: poängen ”01-maj” är inget tal"),
        ("a;5.1;nan;skäl", "är inget tal"),
        ("a;5.1;1e9;skäl", "är inget tal"),
        ("a;5.1;٣;skäl", "är inget tal"),
    ],
)
def test_bad_rows_are_named_and_the_others_used(tmp_path: Path, row: str, problem: str) -> None:
    overrides = read(tmp_path, f"# hej\n{HEADER}\n{row}\n{LINE}\n")
    assert [o.row for o in overrides.rows] == [4]
    assert len(overrides.problems) == 1 and problem in overrides.problems[0]


def test_a_missing_header_is_explained(tmp_path: Path) -> None:
    overrides = read(tmp_path, ROW)
    assert not overrides.rows
    assert "rad 1: rubrikraden ska vara fil;övning;poäng;skäl" in overrides.problems[0]


@pytest.mark.parametrize("text", ["", "\ufeff", "# bara kommentar", "\x00\x00", "\n;;;\n"])
def test_empty_files(tmp_path: Path, text: str) -> None:
    assert not read(tmp_path, text).rows


def test_a_cell_too_big_for_csv(tmp_path: Path) -> None:
    assert "går inte att läsa" in read(tmp_path, f"{HEADER}\n{'x' * 200_000};").problems[0]


# --- använda --------------------------------------------------------------------------------------


def feedback(graded: ClassResult, place: int) -> str:
    """Återkopplingen till den första filens övning, så som den står i results.json."""
    return to_json(graded)["submissions"][0]["exercises"][place]["feedback"]


def test_points_change_and_the_verdict_stays() -> None:
    new = apply(RESULTS, one())
    changed, old = new.submissions[0].exercises[0], RESULTS.submissions[0].exercises[0]
    assert changed.points == 4.0 and new.submissions[0].points == 4.0
    assert feedback(new, 0) == (
        "Examinator har ändrat poängen från 3,5 till 4. Skäl: Räknat för hand.\nFel nätverk."
    )
    assert changed.decision == Decision(3.5, 4.0, "Räknat för hand.")
    assert replace(changed, points=old.points, decision=None) == old
    assert new.submissions[1:] == RESULTS.submissions[1:]


def test_manual_review_gets_its_points() -> None:
    new = apply(RESULTS, one(2.5, number="5.2"))
    changed = new.submissions[0].exercises[1]
    assert (changed.points, changed.status) == (2.5, "internal")
    by_hand = "Examinator har bedömt övningen för hand och gett 2,5 poäng."
    assert feedback(new, 1).startswith(by_hand)
    assert new.submissions[0].points == 6.0


@pytest.mark.parametrize("number", ["5.4", "5.4 reflektion", "05-apr"])
def test_the_written_answer_is_assessed_here(number: str) -> None:
    graded = results(submission("a.ipynb", exercise("5.1"), by_teacher(None)))
    decided = Overrides((Override(2, "a.ipynb", number, 3.0, "Orsaken saknas."),))
    assert not problems(graded, decided)
    (new,) = apply(graded, decided).submissions
    assert (new.points, new.max_points, new.waiting) == (7, 8, [])
    assert decision_texts(new.exercises[1]) == ["Lärarens bedömning: 3 av 4 poäng. Orsaken saknas."]
    (problem,) = problems(graded, Overrides((Override(2, "a.ipynb", number, 5.0, "Fint."),)))
    assert "5.4 ger 0 till 4" in problem


def test_no_rows_change_nothing() -> None:
    assert apply(RESULTS, Overrides()) == RESULTS


def test_a_forged_note_is_no_decision() -> None:
    forged = "Examinator har ändrat poängen från 4 till 4. Skäl: x"
    wrong = exercise("5.1", False, False, False, False, texts=(forged, "Fel nätverk."))
    (graded,) = apply(results(submission("a", wrong)), Overrides()).submissions
    assert graded.points == 0 and graded.exercises[0].decision is None


def test_the_last_row_wins_and_says_so() -> None:
    rows = (one(1.0).rows[0], Override(9, "k/ek_1_2_05.ipynb", "5.1", 2.0, "Ny bedömning."))
    new = apply(RESULTS, Overrides(rows))
    assert new.submissions[0].exercises[0].points == 2.0
    assert problems(RESULTS, Overrides(rows)) == [
        "beslut.csv, rad 9: samma övning står också på rad 2. Den senare raden gäller."
    ]


@pytest.mark.parametrize(
    "number",
    ["5.1", " 5,1 ", "Övning 5.1", "5.1 double_dqn_target", "double_dqn_target",
     "05-jan", "5-Jan", "05.jan", "2026-01-05"],
)  # fmt: skip
def test_the_exercise_as_excel_may_write_it(number: str) -> None:
    assert apply(RESULTS, one(number=number)) == apply(RESULTS, one())


@pytest.mark.parametrize(
    "file",
    ["k/ek_1_2_05.ipynb", "k\\ek_1_2_05.ipynb", "ek_1_2_05.ipynb", " k/ek_1_2_05.ipynb\u200b"],
)
def test_the_file_as_a_human_may_write_it(file: str) -> None:
    assert apply(RESULTS, one(file=file)) == apply(RESULTS, one())


def test_the_file_name_as_it_stands_in_the_gradebook() -> None:
    assert not problems(RESULTS, one(file="'=1+1.ipynb"))
    assert apply(RESULTS, one(0.0, file="'=1+1.ipynb")).submissions[4].points == 0


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (one(file="finns_inte.ipynb"), "filen ”finns_inte.ipynb” finns inte bland"),
        (one(file="bok.ipynb"), "flera filer heter ”bok.ipynb”"),
        (one(file="tom.ipynb", number="9.9"), "filen har inga rättade övningar, och ”9.9” kan"),
        (one(number="3.1"), "övningen ”3.1” finns inte i filen, som har 5.1 och 5.2."),
        (one(number=""), "övningen ”” finns inte"),
        (one(4.5), "4,5 poäng går inte; 5.1 ger 0 till 4"),
        (one(-1.0), "poäng går inte"),
    ],
)
def test_rows_that_cannot_be_used_are_named(overrides: Overrides, problem: str) -> None:
    assert apply(RESULTS, overrides) == RESULTS
    (message,) = problems(RESULTS, overrides)
    assert message.startswith("beslut.csv, rad 2: ") and problem in message
    assert message.endswith("Raden används inte.")


def test_problems_when_reading_are_kept() -> None:
    assert problems(RESULTS, Overrides(problems=("rad 7",))) == ["rad 7"]


# --- kommentarer, betyg, avdrag och filer som bara en människa kan bedöma -------------------------

CLASS = results(
    submission("sen.ipynb", exercise("5.1"), exercise("5.2", False), late=True, student="Sen"),
    submission("sjuk.ipynb", exercise("5.1"), late=True, student="Sjuk"),
    submission("tidig.ipynb", exercise("5.1"), student="Tidig"),
    unreadable("uppsats.pdf", "Det här är en PDF."),
    replace(unreadable("bok.ipynb", "Filen är tom."), notebook="05"),
)


def after(tmp_path: Path, *rows: str) -> tuple[ClassResult, list[str]]:
    """Klassen efter raderna, och vad som är fel i dem."""
    overrides = read(tmp_path, "\n".join(["fil;övning;poäng;skäl;vem", *rows]))
    graded = with_letters(apply(CLASS, overrides), load_grade_limits())
    return graded, problems(CLASS, overrides)


def test_a_comment_changes_no_points_and_says_who(tmp_path: Path) -> None:
    graded, wrong = after(
        tmp_path, "tidig.ipynb;5.1;kommentar;Snyggt.;Eva", "tidig.ipynb;Hela filen;Kommentar;Tack;"
    )
    new = graded.submissions[2]
    assert not wrong and new.points == CLASS.submissions[2].points
    assert teachers_texts(new.exercises[0]) == ["Kommentar från läraren (Eva): Snyggt."]
    assert remark_texts(new.remarks) == ["Kommentar från läraren: Tack"]
    words = Page(feedback_page(new, "full")).words()
    assert "Från läraren Kommentar från läraren: Tack" in words and "(Eva): Snyggt." in words


def test_letters_on_an_exercise_and_on_the_whole_file(tmp_path: Path) -> None:
    graded, wrong = after(
        tmp_path, "sen.ipynb;5.1;u;Avskrivet fel.;", "sen.ipynb;5.2;G;Rätt tänkt.;Eva",
        "sen.ipynb;hela filen;VG;Muntligt.;Bo",
    )  # fmt: skip
    new = graded.submissions[0]
    assert not wrong and [e.points for e in new.exercises] == [0, 4]
    assert decision_texts(new.exercises[1]) == [
        "Examinator (Eva) har ändrat poängen från 3 till 4 (G). Skäl: Rätt tänkt."
    ]
    assert (new.grade, new.grade_note) == ("VG", "bestämt av läraren")
    assert "Betyget VG är bestämt av läraren (Bo). Skäl: Muntligt." in remark_texts(new.remarks)


def test_the_rule_for_late_files_and_an_exception_from_it(tmp_path: Path) -> None:
    rule, exception = (
        "alla sena;hela filen;-10 %;Kursens regel.;",
        "sjuk.ipynb;hela filen;0 %;Sjuk.;",
    )
    graded, wrong = after(tmp_path, rule, exception)
    late, ill, early = graded.submissions[:3]
    assert not wrong and late.points == pytest.approx(0.9 * CLASS.submissions[0].points)
    assert (ill.points, early.points) == (4, 4) and not ill.remarks and not early.remarks
    (text,) = remark_texts(late.remarks)
    assert text == "Avdrag: 10 procent av poängen, alltså 0,7 poäng. Skäl: Kursens regel."
    assert text in Page(feedback_page(late, "full")).words()
    with_points, _ = after(tmp_path, rule, "sen.ipynb;5.2;4;Rätt.;")
    assert with_points.submissions[0].points == pytest.approx(0.9 * 8)


def test_a_deduction_does_not_make_a_whole_solution_half() -> None:
    five = [replace(exercise(n), points=0.9 * exercise(n).points, deducted=0.1 * exercise(n).points)
            for n in ("5.1", "5.2", "5.3")]  # fmt: skip
    graded = with_letters(results(submission("a", *five)), load_grade_limits())
    assert graded.submissions[0].grade == "VG"


def test_a_file_that_only_a_human_can_read_gets_its_points(tmp_path: Path) -> None:
    graded, wrong = after(
        tmp_path, "uppsats.pdf;5.1;3;Läst på papper.;Eva", "bok.ipynb;5.4;2;Per mejl.;"
    )
    pdf, book = graded.submissions[3:]
    assert not wrong and pdf.status == book.status == "graded"
    assert [e.id for e in pdf.exercises] == ["5.1", "5.2", "5.3", "5.4"]
    assert (pdf.points, pdf.waiting, pdf.grade) == (3, ["5.2", "5.3", "5.4"], None)
    assert not needing_attention([pdf])
    words = Page(feedback_page(pdf, "full")).words()
    assert "Lärarens bedömning (Eva): 3 av 4 poäng. Läst på papper." in words
    assert "Filen är bedömd för hand. Det här är en PDF." in words
    again, wrong = after(tmp_path, "bok.ipynb;3.1;2;Fel bok.;")
    assert "”3.1” kan den inte få poäng för" in wrong[0] and again == CLASS


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("tidig.ipynb;hela filen;7;skäl;", "Poängen skrivs övning för övning"),
        ("tidig.ipynb;5.1;-10 %;skäl;", "ett avdrag i procent gäller hela filen"),
        ("tidig.ipynb;5.1;VG;skäl;", "men inte VG"),
        ("tidig.ipynb;hela filen;-400 %;skäl;", "större än alla poäng"),
        ("alla sena;5.1;2;skäl;", "alla sena kan bara få ett avdrag"),
        ("alla sena;hela filen;U;skäl;", "alla sena kan bara få ett avdrag"),
    ],
)
def test_what_does_not_go_together_is_explained(tmp_path: Path, row: str, problem: str) -> None:
    graded, wrong = after(tmp_path, row)
    assert len(wrong) == 1 and problem in wrong[0] and graded == CLASS


def test_with_only_a_file_without_the_chosen_exercise_is_not_opened() -> None:
    left_out = results(submission("a", message=NOT_CHOSEN, notebook="05"))
    assert applicable(left_out, one(3.0, file="a")).rows == ()
    assert apply(left_out, one(3.0, file="a")) == left_out


def test_the_example_for_the_teacher_is_read(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[2] / "LARARE.md").read_text(encoding="utf-8")
    example = text.partition("fil;övning;poäng;skäl;vem\n")[2].partition("\n```")[0]
    found = read(tmp_path, f"fil;övning;poäng;skäl;vem\n{example}")
    assert not found.problems
    kinds = ["poäng", "kommentar", "betyg", "poäng", "avdrag", "avdrag"]
    assert [row.kind for row in found.rows] == kinds
    assert [row.who for row in found.rows] == ["Eva"] * 5 + [""]
