"""Klassens resultat: poäng per övning, vanliga misstag och filer som någon måste titta på."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from dqn_helpers.autograder.result import (
    NOT_CHOSEN,
    ClassResult,
    ExerciseResult,
    SubmissionResult,
    points_text,
)
from dqn_helpers.counting import listed
from dqn_helpers.teacher.report.words import (
    STATUSES,
    clean,
    file_name,
    one_line,
)

# Så börjar meningarna om dem, i `submission.notebook` och `exercises.running`.
NOT_CODE, SAME_ID = "är ingen kodcell men innehåller", "har samma id"
NO_MODULE = "är inte en av dem som kursen använder"

REACH_TEXT = (
    "Koden rör sådant som en lösning sällan behöver, så titta på den innan du litar på poängen."
)


@dataclass(frozen=True)
class ExerciseStatistics:
    """Hur det gick på en övning. `mean` är medelpoängen bland dem som har poäng."""

    id: str
    name: str
    max_points: float
    n_files: int
    n_graded: int
    n_passed: int
    n_unsolved: int
    mean: float

    @property
    def share(self) -> float:
        """Medelpoängen som andel av full poäng."""
        return self.mean / self.max_points if self.max_points else 0.0


@dataclass(frozen=True)
class MistakeStatistics:
    """Ett misstag: hur många inlämningar som har det, av dem som har övningen."""

    exercise: str
    name: str
    id: str
    text: str
    count: int
    n_submissions: int

    @property
    def share(self) -> float:
        """Andelen av inlämningarna."""
        return self.count / self.n_submissions


@dataclass(frozen=True)
class Attention:
    """En fil som behöver en människas öga. `exercise` är numret om det gäller en övning."""

    index: int
    file: str
    reason: str
    exercise: str = ""


def exercise_names(submissions: Sequence[SubmissionResult]) -> dict[str, str]:
    """Numren på alla övningar som finns bland inlämningarna, i ordning, och deras namn."""
    every = {e.id: one_line(e.name, 100) for s in submissions for e in s.exercises}
    return {number: every[number] for number in _in_order(every)}


def _in_order(numbers: Iterable[str]) -> list[str]:
    """Övningarnas nummer i kursens ordning: 5.10 kommer efter 5.9."""
    return sorted(numbers, key=lambda number: [int(n) for n in number.split(".")])


def best_exercises(submissions: Sequence[SubmissionResult]) -> dict[str, ExerciseResult]:
    """En students övningar, ur den nyaste fil som har dem; är två lika nya gäller den bästa."""
    best: dict[str, tuple[tuple[int, int], float, ExerciseResult]] = {}
    for submission in submissions:
        for exercise in submission.exercises:
            rank = submission.age, exercise.points or 0
            if exercise.id not in best or rank > best[exercise.id][:2]:
                best[exercise.id] = (*rank, exercise)
    return {number: exercise for number, (_, _, exercise) in best.items()}


def with_replaced(results: ClassResult) -> ClassResult:
    """Resultaten, där varje fil vet vilken nyare fil från samma student som räknas i stället."""
    rows = list(results.submissions)
    for group in by_student(rows):
        for index in group:
            newer = [i for i in group if _replaces(rows[i], rows[index])]
            if newer:
                newest = max(newer, key=lambda i: rows[i].age)
                rows[index] = replace(rows[index], replaced_by=rows[newest].file)
    return replace(results, submissions=tuple(rows))


def _replaces(new: SubmissionResult, old: SubmissionResult) -> bool:
    """Sant om den nyare filen har allt som den äldre har; en oläslig ersätts av samma bok."""
    if new.age <= old.age or not new.exercises:
        return False
    if old.exercises:
        return {e.id for e in old.exercises} <= {e.id for e in new.exercises}
    return old.status != "graded" and old.notebook in (None, new.notebook)


def by_student(submissions: Sequence[SubmissionResult]) -> list[list[int]]:
    """Platserna för varje students filer; en fil utan känd student är en egen rad."""
    groups: dict[object, list[int]] = defaultdict(list)
    for index, submission in enumerate(submissions):
        groups[submission.who or index].append(index)
    return list(groups.values())


def exercise_statistics(submissions: Sequence[SubmissionResult]) -> list[ExerciseStatistics]:
    """En rad per övning.

    Varje fil läses en gång, och bara tal sparas: resultaten ligger kanske på disken.
    """
    first: dict[str, ExerciseResult] = {}
    files, graded, passed, unsolved = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    totals: dict[str, float] = defaultdict(float)
    for e in chain.from_iterable(s.exercises for s in submissions):
        first.setdefault(e.id, e)
        files[e.id] += 1
        graded[e.id] += e.points is not None
        passed[e.id] += e.points == e.max_points
        unsolved[e.id] += e.status in ("unsolved", "missing")
        totals[e.id] += e.points or 0
    return [
        ExerciseStatistics(
            id=number,
            name=one_line(first[number].name, 100),
            max_points=first[number].max_points,
            n_files=files[number],
            n_graded=graded[number],
            n_passed=passed[number],
            n_unsolved=unsolved[number],
            mean=totals[number] / graded[number] if graded[number] else 0.0,
        )
        for number in _in_order(first)
    ]


def common_mistakes(
    submissions: Sequence[SubmissionResult], at_most: int = 12
) -> list[MistakeStatistics]:
    """De vanligaste misstagen, det vanligaste först."""
    first: dict[tuple[str, str], ExerciseResult] = {}
    counts, n_submissions = Counter[tuple[str, str]](), Counter[str]()
    for exercise in chain.from_iterable(s.exercises for s in submissions):
        n_submissions[exercise.id] += 1
        if exercise.misconception:
            key = exercise.id, exercise.misconception
            first.setdefault(key, exercise)
            counts[key] += 1
    rows = [
        MistakeStatistics(
            exercise=number,
            name=one_line(first[number, mistake].name, 100),
            id=one_line(mistake, 60),
            text=_first_text(first[number, mistake]),
            count=count,
            n_submissions=n_submissions[number],
        )
        for (number, mistake), count in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row.count, row.exercise, row.id))[:at_most]


def _first_text(exercise: ExerciseResult) -> str:
    return clean(exercise.texts[0] if exercise.texts else "", 600)


def needing_attention(submissions: Sequence[SubmissionResult]) -> list[Attention]:
    """Allt som en människa behöver titta på, i filernas ordning."""
    same = _duplicates(submissions)
    twice = _handed_in_twice(submissions)
    beside = _beside_exercises(submissions)
    return [
        Attention(index, file_name(submission), reason, number)
        for index, submission in enumerate(submissions)
        for number, reason in chain(
            [] if index in beside else _own_reasons(submission),
            [("", r) for r in (same.get(index), twice.get(index)) if r],
        )
    ]


def _beside_exercises(submissions: Sequence[SubmissionResult]) -> set[int]:
    """Lästa filer utan övningar (bok 00) vars student också har lämnat in en med övningar."""
    groups = by_student(submissions)
    having = [group for group in groups if any(submissions[i].exercises for i in group)]
    return {
        i for i in chain.from_iterable(having)
        if submissions[i].status == "graded" and not submissions[i].exercises
    }  # fmt: skip


def _own_reasons(submission: SubmissionResult) -> Iterator[tuple[str, str]]:
    if submission.replaced_by:
        return
    message = one_line(submission.message, 300)
    if submission.status == "unreadable":
        yield "", f"Filen gick inte att läsa. {message}".strip()
    elif submission.status == "error":
        yield "", f"Något gick fel i rättaren, så bedöm filen för hand. {message}".strip()
    elif not submission.exercises and NOT_CHOSEN not in message:
        yield "", message or "Ingen av kursens övningar finns i filen."
    yield from _perhaps_missed(submission)
    for exercise in submission.exercises:
        words = STATUSES.get(exercise.status, STATUSES["internal"])
        if exercise.points is None and not exercise.is_waiting:
            yield exercise.id, f"Granska {exercise.id} för hand, för något gick fel i rättaren."
        if exercise.reach:
            lines = "; ".join(one_line(line, 300) for line in exercise.reach)
            yield exercise.id, f"{exercise.id}: {REACH_TEXT} {lines[:1].upper()}{lines[1:]}"
        if exercise.status in ("crashed", "forbidden"):
            yield exercise.id, f"{exercise.id}: {words.word.lower()}. {words.meaning}"


def _perhaps_missed(submission: SubmissionResult) -> Iterator[tuple[str, str]]:
    """Det som kan ha kostat poäng utan att lösningen är fel."""
    by_code = [e for e in submission.exercises if e.status != "manual"]
    if by_code and all(e.status == "unsolved" for e in by_code):
        yield "", "Ingen övning är löst: kan det vara den utdelade boken som har lämnats in?"
    sentences = re.split(r"(?<=[.!?])\s+", one_line(submission.message, 600))
    for text in (one for one in sentences if NOT_CODE in one or SAME_ID in one):
        yield "", text
    for exercise in by_code:
        near = next((one_line(t, 300) for t in exercise.texts if "Menade du `" in t), "")
        if exercise.status == "missing" and near:
            yield exercise.id, f"{exercise.id}: {near}"
    if any(e.points != e.max_points for e in by_code):
        for note in (one_line(note, 300) for note in submission.notes):
            if NO_MODULE in note:
                yield "", note


def _duplicates(submissions: Sequence[SubmissionResult]) -> dict[int, str]:
    """Filer som är lika, byte för byte."""
    same: dict[str, list[int]] = defaultdict(list)
    for index, submission in enumerate(submissions):
        same[submission.sha256].append(index)
    groups = [group for digest, group in same.items() if digest and len(group) > 1]
    return {i: f"Filen har samma innehåll, byte för byte, som {_others(submissions, group, i)}."
            for group in groups for i in group}  # fmt: skip


def _handed_in_twice(submissions: Sequence[SubmissionResult]) -> dict[int, str]:
    """En students filer med samma övning i, när det är oklart vilken som ska räknas."""
    reasons = {}
    for group in by_student(submissions):
        for index in group:
            mine = submissions[index]
            numbers = {e.id for e in mine.exercises}
            others = [i for i in group if i != index
                      and numbers & {e.id for e in submissions[i].exercises}]  # fmt: skip
            if as_new := [i for i in others if submissions[i].age == mine.age]:
                where = _others(submissions, [index, *as_new], index)
                reasons[index] = f"Studenten har samma övningar i {where}; den bästa räknas."
            elif lost := _lost_points(mine, [submissions[i] for i in others]):
                reasons[index] = lost
    return reasons


def _lost_points(new: SubmissionResult, others: Sequence[SubmissionResult]) -> str:
    """En mening om att studentens nyaste fil gav färre poäng än en äldre; annars tomt."""
    if any(other.age > new.age for other in others):
        return ""
    now = {e.id: e.points or 0 for e in new.exercises if not e.is_waiting}
    worse = {
        e.id: e.points for other in others for e in other.exercises
        if e.id in now and e.points is not None and e.points > now[e.id]
    }  # fmt: skip
    if not worse:
        return ""
    what = listed([f"{points_text(now[n])} i {n} mot {points_text(p)}" for n, p in worse.items()])
    return f"Studenten fick färre poäng än förut ({what}). Den nyaste filen räknas ändå."


def _others(submissions: Sequence[SubmissionResult], group: Sequence[int], index: int) -> str:
    shown = [i for i in group[:4] if i != index][:3]  # bara de som visas: tusen filer kan vara lika
    names, n_more = [file_name(submissions[i]) for i in shown], len(group) - 1 - len(shown)
    return listed([*names, f"{n_more} till"] if n_more else names)
