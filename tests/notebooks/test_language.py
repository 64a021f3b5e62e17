"""Sådant i språket som ett mönster kan se: ett ord för varje sak, och svenska, inte halv engelska.

Reglerna är de fel som en korrekturläsning hittade flest av. Stavningen prövas för sig, i
`test_spelling.py`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from spelling import Text, texts_of
from test_spelling import ROOT, course_files


class Rule(NamedTuple):
    """Ett mönster som inte ska stå, vad man skriver i stället, och meningar som är fel."""

    pattern: str
    instead: str
    wrong: tuple[str, ...]


RULES = (
    Rule(r"(?<![Pp]å )\bmåfå\b", "slump, eller på måfå", ("mycket måfå", "måfå räcker")),
    Rule(
        r"\b(?:börjar?|medan (?:den|agenten|nätverket)) lära?\b"
        r"(?! (?:sig|dig|mig|oss|er|ut|in|känna)\b)",
        "lära sig",
        ("agenten börjar lära", "medan den lär"),
    ),
    Rule(
        r"\b[Rr]äkna[rs]? (?:TD-)?(?:målen|målet|förlusten|förutsägelsen)\b(?! ut\b)",
        "räkna ut",
        ("Räkna målet först", "du räknar förlusten", "sedan räknas TD-målet"),
    ),
    Rule(
        r"\b[Kk]opiera[rs]? målnätverket\b|\bmålnätverket är nyss kopierat\b",
        "uppdatera målnätverket",
        ("du kopierar målnätverket", "kopiera målnätverket ofta"),
    ),
    Rule(
        r"\b(?:vinkel|vagnens |stångens )fart(?:en)?\b",
        "hastighet",
        ("vinkelfarten", "vagnens fart"),
    ),
    Rule(
        r"\bhandling\w* (?:som )?togs\b|\btogs handling",
        "gjordes eller valdes",
        ("handlingen som togs", "här togs handling 1"),
    ),
    Rule(r"\bform(?:er)? och sort(?:er)?\b", "form och datatyp", ("rätt former och sorter",)),
    Rule(r"(?<!for-)\b[Ss]ling(?:a|an|or|orna)\b", "loop", ("inne i slingan", "En slinga")),
    Rule(r"\böverträn\w+", "överanpassa", ("nätverket övertränas", "överträning")),
    Rule(
        r"\bt\. ?ex\.|\bbl\. ?a\.|\bm\. ?m\.|\bd\. ?v\. ?s\.|\bdvs\b",
        "till exempel, bland annat, med mera, det vill säga",
        ("t.ex. Alpine", "t. ex. så", "dvs. två", "bl.a. här"),
    ),
    Rule(r", väntat (?!ut\b|in\b)", "men ska vara", ("är 4, väntat 5",)),
    Rule(r"\bi (?:medel|snitt)\b", "i genomsnitt", ("tjugo i snitt", "i medel fyra")),
    Rule(r"\bsteglängd\w*", "inlärningshastighet", ("steglängden α",)),
    Rule(r"\böverklag\w+", "begära omprövning", ("när en student överklagar",)),
    Rule(r"\b[Rr]ättaren gick fel\b", "Något gick fel i rättaren", ("Rättaren gick fel på filen",)),
    Rule(r"[«»“„]", "”…”", ("«kurva A»", "“kurva B”")),
    Rule(r"\b[A-ZÅÄÖ]\w+ & [A-ZÅÄÖ]\w+", "och", ("Sutton & Barto",)),
    Rule(r"\b(?:[Ss]andlåd|[Ii]solering)\w*", "inhägnad", ("i en egen sandlåda", "Full isolering")),
    Rule(
        r"\bgöra?r? (?:vi |du )?ett objekt\b", "skapa", ("här gör vi ett objekt", "göra ett objekt")
    ),
    Rule(
        r"(?<![\d.,=/v])\b\d+\.\d+ (?:procent|%|sekunder|steg|poäng|kronor)",
        "decimalkomma",
        ("0.95 poäng", "nära 2.5 %"),
    ),
    Rule(
        r"\b(?!det|den|där|har|som|bara)([a-zåäö]{3,}) \1\b",
        "ordet en gång",
        ("och att att det", "den nya nya vägen"),
    ),
)


def findings(text: Text) -> Iterator[str]:
    """Det i texten som någon regel har att anmärka på."""
    prose = re.sub(r"```.*?```|`[^`]*`", "\x00", text.content, flags=re.DOTALL)
    for rule in RULES:
        for found in re.finditer(rule.pattern, prose):
            yield f"{text.place}, rad {text.line}: «{found[0]}», skriv hellre {rule.instead}"


def test_the_course_speaks_with_one_voice():
    found = [
        finding
        for path in course_files()
        for text in texts_of(path, ROOT)
        for finding in findings(text)
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.instead)
def test_a_rule_finds_what_it_is_for(rule: Rule):
    for sentence in rule.wrong:
        assert any(rule.instead in one for one in findings(Text("prov", 1, f"Så {sentence}."))), (
            sentence
        )


@pytest.mark.parametrize(
    "sentence",
    [
        "Handlingen väljs på måfå, och agenten börjar lära sig.",
        "Räkna ut målet, och uppdatera målnätverket. Till exempel så.",
        "Det väntade svaret är 5, och vi har väntat ut den.",
        "Bara bara är fel; version 2.5 är rätt, och ”så” skrivs citat.",
    ],
)
def test_right_swedish_is_left_alone(sentence: str):
    assert not list(findings(Text("prov", 1, sentence)))
