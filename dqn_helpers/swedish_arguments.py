"""`argparse` på svenska: dess egna ord och felmeddelanden är annars engelska.

Filen klarar sig med standardbiblioteket: `kurs.py` läser den innan något är installerat.
"""

import argparse
import difflib
from typing import Any, NoReturn

# argparse slår upp varje egen text med funktionen `_` (gettext); här är översättningarna.
_SWEDISH = {  # engelska till vänster
    "usage: ": "användning: ",
    "positional arguments": "det som ska anges",
    "options": "val",
    "show this help message and exit": "visa den här hjälpen",
    "the following arguments are required: %s": "det här saknas: %s (det står först, före valen)",
    "expected one argument": "ett värde ska följa",
    "expected at least one argument": "minst ett värde ska följa",
    "invalid %(type)s value: %(value)r": "värdet ”%(value)s” duger inte: skriv ett tal, "
    "till exempel 10",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s: %(message)s",
    "not allowed with argument %s": "går inte ihop med %s",
    "ignored explicit argument %r": "ska inte ha något värde, men fick ”%s”",
}


class SwedishParser(argparse.ArgumentParser):
    """En `ArgumentParser` som talar svenska och bara godtar hela namn på val."""

    def __init__(self, **settings: Any) -> None:
        argparse._ = lambda text: _SWEDISH.get(text, text)  # type: ignore[attr-defined]
        super().__init__(allow_abbrev=False, **settings)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Valen, som i argparse. Till ett okänt val som liknar ett riktigt kommer ett förslag."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            known = [name for action in self._actions for name in action.option_strings]
            close = difflib.get_close_matches(unknown[0].partition("=")[0], known, 1)
            hint = "".join(f" (menade du {name}?)" for name in close)
            self.error(f"okänt: {' '.join(unknown)}{hint}")
        return found

    def error(self, message: str) -> NoReturn:
        """Säg vad som är fel, visa hur valet skrivs om det är ett sådant, och avsluta med 2."""
        name = message.partition(":")[0]
        for action in self._actions:
            if name in action.option_strings and action.metavar:
                message += f" (så här: {name} {action.metavar})"
        self.exit(2, f"Fel: {message}\nAlla val: `{self.prog} --help`\n")
