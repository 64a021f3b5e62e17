"""Kursens svenska är rättstavad: böckerna, sidorna, ordlistan och programmens texter."""

from pathlib import Path

from spelling import PROJECT_WORDS, Text, check, project_words, python_texts, texts_of

ROOT = Path(__file__).resolve().parents[2]


def course_files() -> list[Path]:
    """Filer med svensk text. `notebooks/` görs av `solutions/` och behöver inte läsas om."""
    patterns = (
        "*.md",
        "kurs.py",
        "solutions/*.md",
        "tests/benchmarks/*.md",
        "solutions/*.ipynb",
        "dqn_helpers/**/*.py",
        "dqn_helpers/**/*.html",
        "dqn_helpers/teacher/*.md",
        "dqn_helpers/**/*.toml",
        "dqn_helpers/**/misconceptions.json",
    )
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def test_the_course_is_spelled_right():
    findings = [
        str(finding)
        for path in course_files()
        for text in texts_of(path, ROOT)
        for finding in check(text)
    ]
    assert not findings, "\n" + "\n".join(findings)


def test_the_word_list_is_tidy():
    """Varje ord står en gång, utan mellanslag, så att listan går att granska."""
    lines = PROJECT_WORDS.read_text(encoding="utf-8").splitlines()
    words = [line.split("#")[0].strip().lower() for line in lines]
    words = [word for word in words if word]
    assert sorted(words) == sorted(project_words())
    assert not [word for word in words if " " in word]


# --- kontrollen själv ----------------------------------------------------------------------------


def wrong(content: str, *, known: frozenset[str] = frozenset()) -> list[str]:
    return [found.word for found in check(Text("prov", 1, content, known, is_markdown=True))]


MISSPELLED = [
    *("nätvrek", "diskonteringsfaktron", "flytttal", "overskattning", "förstärknigsinlärning"),
    *("belönning", "erfarenhetsbufert", "handlig", "målnätvärk", "gradinet"),
]


def test_misspelled_words_are_found():
    for word in MISSPELLED:
        assert wrong(f"Här står {word} i en mening.") == [word]
        assert wrong(f"**{word.capitalize()}**, sade hon.") == [word.capitalize()]


APART = [
    ("Ett mål nätverk behövs.", "mål nätverk"),
    ("Våra erfarenhets bufferten är full.", "erfarenhets bufferten"),
    ("Samma slump\nfrö varje gång.", "slump frö"),
]


def test_words_written_apart_are_found():
    for text, pair in APART:
        assert wrong(text) == [pair]


RIGHT = [
    "Målnätverket och erfarenhetsbufferten ger diskonterade handlingsvärden.",
    "Kör `nätvrek bufert` eller ``flytttal`` nu.",
    '```python\nx = "`"\nnätvrek = 1\n```\nKlart.',
    "~~~\nnätvrek bufert\n~~~",
    r"Formeln $\alpha nätvrek$ och $$nätvrek \\ bufert$$ räknas inte.",
    "Över flera rader:\n\n$$\nnätvrek\nbufert\n$$\n\nklart.",
    "Se [sidan](https://exempel.se/nätvrek_(x)) eller https://exempel.se/bufert.",
    '<img src="data:nätvrek" alt="ok"> <b>fet</b> &nbsp; text',
    "Skriv td_target, målet(bufert, …), torch.nätvrek, minFunktion, kurs.py eller --nätvrek.",
    "DQN:er, MDP:n, Q-värde, TD-mål, CartPole-v1, 3.1 och float32.",
    "Boken *Deep Reinforcement Learning with Double Q-learning* är bra.",
    "Boken *Human-level control through\ndeep reinforcement learning* är bra.",
    "| målnätverk | *target network* | En kopia som står still. |",
    "**Ord:** mjuk kopia (*soft update*), uppvärmning (*warm-up*), *reinforcement learning*.",
    '<span lang="en">whatever they wrote</span> på engelska.',
    "Enligt Sutton och Barto, Suttons bok, med nbval och nbgraders märken.",
    "Står det requires a så är det fel.",
    "Målet är nära; nätverk finns. Mål, nätverk och slump – frö.",
]


def test_right_words_code_and_links_are_left_alone():
    for text in RIGHT:
        assert wrong(text) == [], text


def test_swedish_in_italics_is_still_read():
    assert wrong("Det *djupa nätvrek som vi tränade* är klart.") == ["nätvrek"]
    assert wrong("Ett ensamt ` hindrar inte.\n\nMitt nätvrek ` här.") == ["nätvrek"]
    assert wrong("**Det nätvrek** som (vi bufert) tränade *flytttal*.") == [
        *("nätvrek", "bufert", "flytttal")
    ]


def test_names_in_the_code_may_be_mentioned():
    assert wrong("Ge gymn en bufert.", known=frozenset({"gymn"})) == ["bufert"]


PROGRAM = '''"""Modulen har ett stavfell."""

import numpy as np


def play(buffr):
    """Spela, och fyll buffr.

    Args:
        buffr: en mingd, även None, annars ett Exception.
    """
    message = f"Hittade {len(buffr)} erfarenhter i {buffr!r}ns fil"  # en kommmentar sist
    key = "nätvrek"
    # två rader
    # med felll på andra
    return {"buffrt": "No matching distribution found", "en buffrt": message + key}
'''


def test_docstrings_messages_and_comments_are_read_with_their_lines():
    found = [(f.line, f.word) for text in python_texts(PROGRAM, "prov.py") for f in check(text)]
    assert sorted(found) == [
        (1, "stavfell"),
        (10, "mingd"),
        (12, "erfarenhter"),
        (12, "kommmentar"),
        (15, "felll"),
    ]


TRANSLATIONS = """
_PAIRS = (  # engelska till vänster
    (r"was never closed here", "stängs aldrig här"),
)
_TABLE = {  # engelska till vänster
    "no such file here": "ingen sådan buffrt här",
}
_OTHER = {"en annan mingd": "klart"}
"""


def test_the_english_in_a_table_of_translations_is_left_alone():
    texts = list(python_texts(TRANSLATIONS, "prov.py"))
    contents = {text.content for text in texts}
    assert not contents & {"no such file here", "was never closed here"}
    assert sorted(f.word for text in texts for f in check(text)) == ["buffrt", "mingd"]


def test_the_place_is_told(tmp_path: Path):
    path = tmp_path / "bok.ipynb"
    path.write_text(
        '{"cells": [{"cell_type": "markdown", "id": "intro",'
        ' "source": ["``en\\nrad``\\n", "nätvrek"]}]}',
        encoding="utf-8",
    )
    (found,) = (found for text in texts_of(path, tmp_path) for found in check(text))
    assert str(found) == (
        "bok.ipynb, cell intro, rad 3: okänt ord «nätvrek», lägg till i ordlista.txt om det är rätt"
    )


def test_page_templates_are_read(tmp_path: Path):
    path = tmp_path / "sida.html"
    path.write_text('{% block a %}\n<p class="xyz">nätvrek</p>{{ buffrt }}', encoding="utf-8")
    found = [(f.line, f.word) for text in texts_of(path, tmp_path) for f in check(text)]
    assert found == [(2, "nätvrek")]


def test_the_feedback_on_mistakes_is_read(tmp_path: Path):
    path = tmp_path / "misconceptions.json"
    path.write_text('{\n {"id": "felll", "text": "En \\"nätvrek\\" till."}}', encoding="utf-8")
    found = [(f.line, f.word) for text in texts_of(path, tmp_path) for f in check(text)]
    assert found == [(2, "nätvrek")]


def test_every_kind_of_file_is_read():
    names = {path.relative_to(ROOT).as_posix() for path in course_files()}
    assert {"README.md", "kurs.py", "dqn_helpers/training.py"} <= names
