"""`argparse` på svenska: dess egna ord och felmeddelanden är annars engelska."""

import argparse
from typing import NoReturn

# argparse slår upp varje egen text med funktionen `_` (gettext); här är översättningarna.
_SWEDISH = {  # engelska till vänster
    "usage: ": "användning: ",
    "positional arguments": "det som ska anges",
    "options": "val",
    "show this help message and exit": "visa den här hjälpen",
    "the following arguments are required: %s": "det här saknas: %s (det står först, före valen)",
    "expected one argument": "ett värde ska följa",
    "expected at least one argument": "minst ett värde ska följa",
    "unrecognized arguments: %s": "okänt: %s",
    "invalid %(type)s value: %(value)r": "värdet %(value)r duger inte, skriv ett tal som 10",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s: %(message)s",
    "not allowed with argument %s": "går inte ihop med %s",
    "ignored explicit argument %r": "ska inte ha något värde, men fick %r",
}


class SwedishParser(argparse.ArgumentParser):
    """En `ArgumentParser` som talar svenska och bara godtar hela namn på val."""

    def __init__(self, **settings: str) -> None:
        argparse._ = lambda text: _SWEDISH.get(text, text)  # type: ignore[attr-defined]
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Säg vad som är fel och avsluta med 2."""
        self.exit(2, f"Fel: {message}\nAlla val: {self.prog} --help\n")
