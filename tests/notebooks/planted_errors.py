"""Fel att plantera i kursens egna meningar: de slag som korrekturläsningarna hittade."""

import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

PER_KIND = 5


class Kind(NamedTuple):
    """Ett slag av fel: det rätta som ska stå i meningen, och vad det byts mot."""

    name: str
    right: str
    wrong: str | Callable[[re.Match[str]], str]


class Planted(NamedTuple):
    """Ett planterat fel: slaget, meningen som den var och meningen med felet i."""

    kind: str
    right: str
    wrong: str


KINDS = (
    # Orden i tabellen över terminologin.
    Kind("måfå utan på", r"på måfå", "måfå"),
    Kind("lär utan sig", r"\b(lär|lära|lärde) sig (av|ur)\b", r"\1 \2"),
    Kind("räkna i stället för räkna ut", r"\b([Rr]äkna[rs]?) ut (TD-målet|förlusten)", r"\1 \2"),
    Kind("kopiera målnätverket", r"\b(u|U)ppdatera[rs]? målnätverket", "kopierar målnätverket"),
    Kind("fart för hastighet", r"\bvinkelhastigheten?\b", "vinkelfarten"),
    Kind("togs för gjordes", r"\b(handling\w*) som gjordes", r"\1 som togs"),
    Kind("slinga för loop", r"\bloop(en)?\b", "slingan"),
    Kind("förkortning", r"\btill exempel\b", "t.ex."),
    Kind("engelska citattecken", r"”([^”]+)”", r'"\1"'),
    Kind("i snitt", r"\bi genomsnitt\b", "i snitt"),
    Kind("steglängd", r"\binlärningshastighet", "steglängd"),
    Kind("inhägnadens andra namn", r"\binhägnad(en)?\b", "sandlåda"),
    Kind("& i namn", r"\b([A-Z]\w+) och ([A-Z]\w+)", r"\1 & \2"),
    Kind("decimalpunkt", r"\b(γ|α|ε|τ) = 0,(\d)", r"\1 = 0.\2"),
    # Kod utan bakstreck, och hänvisningar som inte leder någonstans.
    Kind("namn utan bakstreck", r"`([a-z]+_[a-z_]+)`", r"\1"),
    Kind("flagga utan bakstreck", r"`(terminated|truncated)`", r"\1"),
    Kind("tom hänvisning", r"avsnittet om [^.:;]+? i (0\d)", r"avsnittet om fåglar i \1"),
    # Grammatik.
    Kind("fel artikel", r"\ben (handling|agent|batch|episod|kopia)\b", r"ett \1"),
    Kind("fel artikel, t-ord", r"\bett (nätverk|tal|värde|träningssteg)\b", r"en \1"),
    Kind("singular för plural", r"\b(två|tre|fyra|tio|flera) (handling|episod)ar\b|"
         r"\b(två|tre|fyra|tio|flera) (episod|tensor)er\b",
         lambda m: f"{m[1] or m[3]} {m[2] or m[4]}"),
    Kind("kommer utan att", r"\bkommer att (få|bli|ha|ge|göra|välja|lära)\b", r"kommer \1"),
    Kind("samma ord två gånger", r"\b(att|och) (?=[a-zåäö]{3})", r"att att "),
    Kind("i ett ord", r"\bi stället\b", "istället"),
    Kind("mellanslag före komma", r"([a-zåäö]{2}), ", r"\1 , "),
    Kind("fel ordföljd", r"\b(Då|Därför) (är|blir|har|kan|ska) (den|det|man|du|agenten)\b",
         r"\1 \3 \2"),
    # Det som inget mönster ser räknas med, så att andelen är ärlig.
    Kind("ett ord saknas", r"\b(som|att|är) ([a-zåäö]{3,} [a-zåäö]{3,})", r"\2"),
)  # fmt: skip


def plant(sentences: Sequence[str], seed: int = 0) -> list[Planted]:
    """Ett fel i taget i var sin mening, högst `PER_KIND` av varje slag.

    Args:
        sentences: kursens meningar.
        seed: slumpfrö för vilka meningar det blir.
    """
    shuffled = list(dict.fromkeys(sentences))
    random.Random(seed).shuffle(shuffled)
    planted: list[Planted] = []
    for kind in KINDS:
        changed = (
            Planted(kind.name, one, re.sub(kind.right, kind.wrong, one, count=1))
            for one in shuffled
        )
        planted += [one for one in changed if one.right != one.wrong][:PER_KIND]
    return planted
