"""Vilket misstag det är: det som ett känt misstag skulle ha gett, rad för rad mot det som hände.

Ett misstag *förklarar* en plats där svaret är fel om det ger precis samma fel där. Det *vederläggs*
av en plats där det skulle ha gett ett annat fel än det som hände, eller ett fel där svaret är rätt:
den som har misstaget borde ha fått det felet. Ett misstag får namnet om det förklarar mest och
inget vederlägger det. Passar flera lika bra sägs inget av dem: hellre tyst än fel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dqn_helpers.exercises.comparing import difference, same_outcome
from dqn_helpers.exercises.model import Behaviour, Case, Exercise, KnownMistake, Outcome

Ran = list[tuple[Case, Outcome]]
Place = tuple[int, str, int]
"""En plats i svaren: fallets nummer, iakttagelsens namn och raden (−1 för hela)."""

EDGE_SHARE = 5
"""Så många platser ska ett misstag förklara för varje som vederlägger det. Ett enda gränsfall, som
en tom lista, får inte dölja ett misstag som syns överallt annars."""


MOST_NAMED = 2


@dataclass(frozen=True)
class Fit:
    """Hur väl ett misstag passar med det som hände.

    Attributes:
        explained: platser där misstaget ger samma fel.
        refuted: antalet platser där misstaget ger ett annat fel.
        lucky: platser där båda är fel, men där slumpen avgör hur.
        denied: sant om en rad är rätt i ett svar som misstaget förklarar andra rader av, fast
            misstaget hade gett fel där också: koden gör något annat än det som texten säger.
        alike: antalet lika iakttagelser i fallen som misstaget förklarar, också de som inget avgör.
    """

    explained: frozenset[Place]
    refuted: int
    lucky: frozenset[Place]
    denied: bool = False
    alike: int = 0

    def holds(self, failing: Sequence[frozenset[Place]]) -> bool:
        """Sant om misstaget kan vara det rätta namnet: det förklarar ett helt beteende, utom
        möjligen ett gränsfall, och inget (utom möjligen ett gränsfall) vederlägger det."""
        whole = any(
            len(places & self.explained) >= max(1, EDGE_SHARE * len(places - self.explained))
            for places in failing
        )
        return whole and not self.denied and len(self.explained) >= EDGE_SHARE * self.refuted


def recognised_in(
    exercise: Exercise, ran: Ran, mistakes: Sequence[KnownMistake]
) -> Iterator[KnownMistake]:
    """Det misstag som förklarar mest av det som hände, och ett till för det som är kvar.

    De skrivna misstagen går före de gjorda: deras texter säger mer. Men den som stämmer i allt går
    före den som stämmer nästan.
    """
    by_hand = [m for m in mistakes if not m.generated]
    exact = next((m for m in by_hand if _is_exact(m, ran)), None)
    if exact:
        yield exact
        return
    wrong = wrong_places(exercise, ran)
    made = _near(exercise, ran, [m for m in mistakes if m.generated], wrong)
    exact = next((m for m in made if _is_exact(m, ran)), None)
    yield from (
        [exact]
        if exact
        else _fitting(exercise, ran, by_hand, wrong) or _fitting(exercise, ran, made, wrong)
    )


def _near(
    exercise: Exercise, ran: Ran, mistakes: Sequence[KnownMistake], wrong: frozenset[Place]
) -> list[KnownMistake]:
    """De misstag som ger samma fel i det första eller sista fallet som är fel.

    De gjorda misstagen är många, och rättaren kör dem fall för fall först när någon frågar.
    """
    tried = sorted({case for case, *_ in wrong})[:: max(1, len({case for case, *_ in wrong}) - 1)]
    found = []
    for mistake in mistakes:
        for case in tried:
            mine = [place for place in wrong if place[0] == case]
            theirs = mistake.outcomes[case]
            if all(same_at(place, ran[case][1], theirs, ran[case][0]) for place in mine):
                found.append(mistake)
                break
    return found


NOT_ALL = "Det förklarar inte allt som blir fel, så något mer stämmer inte."


def _fitting(
    exercise: Exercise, ran: Ran, mistakes: Sequence[KnownMistake], wrong: frozenset[Place]
) -> list[KnownMistake]:
    """De misstag som förklarar det mesta av det som är fel, fast inte allt."""
    failing = _failing(exercise, ran, wrong)
    fits = {m.id: _fit(exercise, m, ran, wrong) for m in mistakes}
    possible = [m for m in mistakes if fits[m.id].holds(failing) and _is_enough(m, fits, wrong)]
    found: list[KnownMistake] = []
    left = wrong
    while len(found) < MOST_NAMED and (best := _best(possible, fits, left)):
        found.append(best)
        # Ett fall är antingen förklarat eller inte: en följd av misstaget är inget andra misstag.
        cases = {case for case, *_ in fits[best.id].explained}
        left = frozenset(place for place in left if place[0] not in cases)
    explained = frozenset[Place]().union(*(fits[m.id].explained | fits[m.id].lucky for m in found))
    # Står det mesta oförklarat är det som känns igen troligen bara en följd av något annat.
    if not 2 * sum(bool(places & explained) for places in failing) > len(failing):
        return []
    if found[-1].generated and wrong - explained:
        found[-1] = replace(found[-1], text=f"{found[-1].text} {NOT_ALL}")
    return found


def _is_enough(mistake: KnownMistake, fits: dict[str, Fit], wrong: frozenset[Place]) -> bool:
    """Den som säger att resten är rätt ska förklara allt, och den gjorda allt utom ett gränsfall.

    Ett skrivet misstag har en text om en del av lösningen; det gjorda säger vad svaren liknar.
    """
    fit = fits[mistake.id]
    if mistake.generated:
        left = len(wrong - fit.explained - fit.lucky)
        return len(fit.explained) >= EDGE_SHARE * left
    return not mistake.alone or fit.explained == wrong


def _failing(exercise: Exercise, ran: Ran, wrong: frozenset[Place]) -> list[frozenset[Place]]:
    """De platser som är fel i vart och ett av beteendena som inte är rätt."""
    found = []
    for behaviour in exercise.behaviours:
        tried = {i for i, (case, _) in enumerate(ran) if behaviour.id in case.behaviours}
        keys = {*behaviour.observables, ""}
        found.append(frozenset(p for p in wrong if p[0] in tried and p[1] in keys))
    return [places for places in found if places]


def _best(
    mistakes: Sequence[KnownMistake], fits: dict[str, Fit], left: frozenset[Place]
) -> KnownMistake | None:
    """Det misstag som förklarar mest av det som är kvar; None om inget gör det, eller flera.

    Förklarar två lika mycket avgör det som iakttogs i samma fall utan att bedömas. Är de lika också
    där, men förklarar olika saker, är det det som förklarar den första som gäller.
    """
    places = {m.id: sorted(fits[m.id].explained & left) for m in mistakes}

    def rank(m: KnownMistake) -> tuple[int, int, int, list[Place]]:
        return -len(places[m.id]), fits[m.id].refuted, -fits[m.id].alike, places[m.id]

    ranked = sorted((m for m in mistakes if places[m.id]), key=rank)
    if len(ranked) > 1:
        first, second = map(rank, ranked[:2])
        if first == second and not ranked[0].generated:  # av de gjorda är den första enklast
            return None
    return ranked[0] if ranked else None


def _is_exact(mistake: KnownMistake, ran: Ran) -> bool:
    """Sant om misstaget ger samma sak i alla fall.

    Slutar vid första skillnaden: rättaren räknar ut misstagens svar först när de behövs.
    """
    something_compared = False
    for index, (case, outcome) in enumerate(ran):
        theirs = mistake.outcomes[index]
        if set(theirs.observed or ("",)) <= set(case.random):
            continue  # allt här är tur
        if not same_outcome(outcome, theirs, case):
            return False
        something_compared = True
    return something_compared


def wrong_places(exercise: Exercise, ran: Ran) -> frozenset[Place]:
    """Platserna där svaret är fel; inget om det som är tur."""
    places: set[Place] = set()
    for index, (case, outcome) in enumerate(ran):
        if outcome.status != "ok":
            places.add((index, "", -1))
            continue
        for key in _deciding(exercise.behaviours, case):
            rows = _wrong_rows(outcome.observed.get(key), key, case)
            places |= {(index, key, row) for row in rows}
    return frozenset(places)


def _deciding(behaviours: Sequence[Behaviour], case: Case) -> list[str]:
    """De iakttagelser som avgör något i fallet, utom dem som är tur."""
    keys = [key for b in behaviours if b.id in case.behaviours for key in b.observables]
    judged = {key for right in case.expected for key in right}
    return [key for key in dict.fromkeys(keys) if key in judged and key not in case.random]


def _wrong_rows(got: Any, key: str, case: Case) -> list[int]:
    """Raderna som är fel, jämförda med det godtagna svar som är närmast; [-1] utan rader."""
    found: list[list[int]] = []
    for right in (one[key] for one in case.expected if key in one):
        if difference(got, right, case.tolerance) is None:
            return []
        n_rows = _n_rows(got)
        if n_rows is None or n_rows != _n_rows(right):
            found.append([-1])
            continue
        pairs = ((_row(got, row), _row(right, row)) for row in range(n_rows))
        differences = (difference(*pair, case.tolerance) for pair in pairs)
        found.append([row for row, one in enumerate(differences) if one is not None])
    return min(found, key=len, default=[])


def _n_rows(value: Any) -> int | None:
    """Så många rader har svaret; None om det är ett enda värde."""
    is_array = isinstance(value, np.ndarray) and value.ndim
    return len(value) if is_array or (isinstance(value, list) and value) else None


def _row(value: Any, row: int) -> Any:
    one = value[row]
    return one.item() if isinstance(one, np.generic) else one


def _fit(exercise: Exercise, mistake: KnownMistake, ran: Ran, wrong: frozenset[Place]) -> Fit:
    explained: set[Place] = set()
    lucky: set[Place] = set()
    refuted: list[Place] = []
    for index, (case, outcome) in enumerate(ran):
        if outcome.status in ("unsolved", "not_run"):
            continue
        theirs = mistake.outcomes[index]
        mine = [place for place in wrong if place[0] == index]
        explained |= {place for place in mine if same_at(place, outcome, theirs, case)}
        for _, key, row in wrong_places(exercise, [(case, theirs)]):
            place = index, key, row
            if place in wrong and _is_luck(key, outcome, theirs, case):
                lucky.add(place)
            elif not same_at(place, outcome, theirs, case):
                refuted.append(place)
    answers = {place[:2] for place in explained}
    denied = any(place not in wrong and place[:2] in answers for place in refuted)
    alike = sum(
        same_outcome(ran[index][1], mistake.outcomes[index], ran[index][0], (key,))
        for index in {place[0] for place in explained}
        for key in mistake.outcomes[index].observed
        if key not in ran[index][0].random
    )
    return Fit(frozenset(explained), len(refuted), frozenset(lucky), denied, alike)


def _is_luck(key: str, mine: Outcome, theirs: Outcome, case: Case) -> bool:
    """Sant om båda gav en lista som det ska vara, men olika långa: vilka som råkade dras är tur."""
    lengths = [_n_rows(one.observed.get(key)) for one in (mine, theirs)]
    is_list = any(_n_rows(right.get(key)) is not None for right in case.expected)
    return is_list and None not in lengths and lengths[0] != lengths[1]


def same_at(place: Place, mine: Outcome, theirs: Outcome, case: Case) -> bool:
    """Sant om två körningar av ett fall gav samma sak på en plats."""
    _, key, row = place
    if mine.status != theirs.status or mine.status != "ok":
        return mine.status == theirs.status and mine.signature == theirs.signature
    values = mine.observed.get(key), theirs.observed.get(key)
    if row >= 0:
        n_rows = _n_rows(values[0])
        if n_rows is None or n_rows != _n_rows(values[1]):
            return False
        values = _row(values[0], row), _row(values[1], row)
    return difference(*values, case.tolerance) is None
