"""Svaret på `check()`: ett kort i anteckningsboken, ren text på andra ställen."""

import html
import re
from dataclasses import dataclass

from dqn_helpers.exercises.judging import BehaviourVerdict

SYMBOLS = {"passed": ("✅", "Klart"), "failed": ("❌", "Inte än"), "unsolved": ("⬜", "Inte löst")}

BOX = (
    "border-inline-start: 4px solid currentColor; padding: 0.25em 1em; margin: 0.5em 0; "
    "max-width: 46em; line-height: 1.5"
)


@dataclass(frozen=True)
class CheckResult:
    """Vad kontrollen kom fram till; sant om allt är rätt.

    Attributes:
        title: "Övning 3.1 td_target".
        summary: en mening om hur det gick.
        behaviours: domen per beteende, i ordning.
        advice: texter om de misstag som känns igen.
        nudge: vad man kan göra nu.
        output: det studentens kod skrev ut.
    """

    title: str
    summary: str
    behaviours: tuple[BehaviourVerdict, ...] = ()
    advice: tuple[str, ...] = ()
    nudge: str = ""
    output: str = ""

    @property
    def passed(self) -> bool:
        """Sant om alla beteenden är rätt."""
        return bool(self.behaviours) and all(b.mark == "passed" for b in self.behaviours)

    def __bool__(self) -> bool:
        return self.passed

    def _messages(self) -> list[tuple[BehaviourVerdict, list[str]]]:
        """Varje dom med situationen och felet; det som redan är sagt sägs inte igen."""
        said: set[str] = set()
        pairs = []
        for verdict in self.behaviours:
            situation = f"Exempel: {verdict.situation}" if verdict.situation else ""
            lines = [situation, verdict.message]
            if verdict.mark == "unsolved":  # studenten vet det, om det inte är en annan övning
                lines = [verdict.message] if self._is_about_another(verdict.message) else []
            pairs.append((verdict, [line for line in lines if line and line not in said]))
            said.update(lines)
        return pairs

    def _is_about_another(self, message: str) -> bool:
        """Sant om texten handlar om en annan övning: den här anropar en som inte är löst."""
        mentioned = re.search(r"Övning \d\.\d", message)
        return mentioned is not None and not self.title.startswith(mentioned.group())

    def __repr__(self) -> str:
        lines = [f"{self.title}: {self.summary}", *(_unmarked(text) for text in self.advice)]
        for verdict, messages in self._messages():
            symbol, word = SYMBOLS[verdict.mark]
            lines.append(f"{symbol} {word}: {verdict.behaviour.name}")
            lines += [f"   {_unmarked(message)}" for message in messages]
        lines += [self.nudge] if self.nudge else []
        lines += [f"Din kod skrev ut:\n{self.output}"] if self.output else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{_safe(self.title)}</strong>: {_safe(self.summary)}</p>"]
        parts += [f"<p>{_safe(text)}</p>" for text in self.advice]
        if self.behaviours:
            items = "".join(_item(verdict, lines) for verdict, lines in self._messages())
            parts.append(f'<ul style="list-style: none; padding: 0">{items}</ul>')
        parts += [f"<p>{_safe(self.nudge)}</p>"] if self.nudge else []
        if self.output:
            shown = f"<pre>{_safe(self.output)}</pre>"
            parts.append(f"<details><summary>Din kod skrev ut</summary>{shown}</details>")
        label = html.escape(self.title, quote=True)
        return f'<div role="group" aria-label="{label}" style="{BOX}">{"".join(parts)}</div>'


def _unmarked(text: str) -> str:
    """Ren text: utan betoningens asterisker."""
    return EMPHASIS.sub(r"\1", text)


def _item(verdict: BehaviourVerdict, lines: list[str]) -> str:
    symbol, word = SYMBOLS[verdict.mark]
    block = '<span style="display: block; margin-inline-start: 1.6em">'
    message = "".join(f"{block}{_safe(line)}</span>" for line in lines)
    return (
        f'<li style="margin: 0.4em 0"><span aria-hidden="true">{symbol}</span> '
        f"<strong>{word}:</strong> {_safe(verdict.behaviour.name)}{message}</li>"
    )


EMPHASIS = re.compile(r"(?<![\w*])\*(\w(?:[^*\n]*\w)?)\*(?![\w*])")
"""Ett betonat ord: *så här*. Ett gångertecken har mellanrum eller siffror omkring sig."""


def _safe(text: str) -> str:
    """Texten som HTML: `kod` i skrivmaskinsstil, *betonat* kursivt; $ ska inte bli matematik."""
    parts = html.escape(text).replace("$", "&#36;").split("`")
    if len(parts) % 2 == 0:  # ett ensamt bakåtstreck är bara ett tecken
        return "`".join(parts)
    return "".join(
        f"<code>{part}</code>" if i % 2 else EMPHASIS.sub(r"<em>\1</em>", part)
        for i, part in enumerate(parts)
    )
