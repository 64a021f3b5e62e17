"""Svaret på `check()`: ett kort i anteckningsboken, ren text på andra ställen."""

import re
from dataclasses import dataclass

from dqn_helpers.card import Card, Mark, Part, without_emphasis
from dqn_helpers.exercises.judging import BehaviourVerdict

WORDS = {"passed": "Klart", "failed": "Inte än", "unsolved": "Inte löst"}


@dataclass(frozen=True)
class CheckResult:
    """Vad kontrollen kom fram till; sant om allt är rätt.

    Attributes:
        title: "Övning 3.1 td_target".
        summary: en mening om hur det gick.
        behaviours: bedömningen av varje beteende, i ordning.
        advice: texter om de misstag som känns igen.
        nudge: vad man kan göra nu.
        output: det studentens kod skrev ut.
        codes: per beteende: exemplet som Python att klistra in.
    """

    title: str
    summary: str
    behaviours: tuple[BehaviourVerdict, ...] = ()
    advice: tuple[str, ...] = ()
    nudge: str = ""
    output: str = ""
    codes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Sant om alla beteenden är rätt."""
        return bool(self.behaviours) and all(b.mark == "passed" for b in self.behaviours)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def mark(self) -> Mark:
        """Hela kortets läge: grönt, gult eller grått."""
        marks = {verdict.mark for verdict in self.behaviours}
        if self.passed:
            return "passed"
        return "unsolved" if marks == {"unsolved"} else "failed"

    def _parts(self) -> list[Part]:
        """Delarna; den situation eller det fel som redan är sagt sägs inte igen."""
        said: set[str] = set()
        parts = []
        codes = self.codes or ("",) * len(self.behaviours)
        for verdict, code in zip(self.behaviours, codes, strict=True):
            situation = f"Exempel: {verdict.situation}" if verdict.situation else ""
            message, comparison = verdict.message, verdict.comparison
            if verdict.mark == "unsolved":  # studenten vet det, om det inte är en annan övning
                situation, message = "", message if self._is_about_another(message) else ""
            if message in said:
                message, comparison = "", None
            code = "" if situation in said else code
            situation = "" if situation in said else situation
            said |= {situation, message} - {""}
            name, mark = verdict.behaviour.name, verdict.mark
            word = WORDS[mark]
            parts.append(Part(name, mark, word, situation, message, comparison, code=code))
        return parts

    def _is_about_another(self, message: str) -> bool:
        """Sant om texten handlar om en annan övning: den här anropar en som inte är löst."""
        mentioned = re.search(r"Övning \d\.\d", message)
        return mentioned is not None and not self.title.startswith(mentioned.group())

    def __repr__(self) -> str:
        lines = [f"{self.title}: {self.summary}", *map(without_emphasis, self.advice)]
        for part in self._parts():
            lines.append(f"{part.word}: {part.name}")
            said = (text for text in (part.situation, part.message) if text)
            lines += [f"   {without_emphasis(text)}" for text in said]
        lines += [self.nudge] if self.nudge else []
        lines += [f"Din kod skrev ut:\n{self.output}"] if self.output else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = tuple(self._parts())
        card = Card(
            self.title, self.mark, self.summary, parts, self.advice, self.nudge, self.output
        )
        return card.notebook_html(self.title)
