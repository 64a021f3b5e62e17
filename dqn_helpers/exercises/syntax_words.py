"""Syntaxfel på svenska: det som Python säger om en cell som inte går att läsa."""

import re

_MESSAGES = (  # engelska till vänster
    (r"'(.)' was never closed", "`{0}` stängs aldrig"),
    (r"unmatched '(.)'", "`{0}` har ingen början"),
    (
        r"closing parenthesis '(.)' does not match opening parenthesis '(.)'(?: on line (\d+))?",
        "`{0}` stänger inte `{1}`, som öppnades tidigare",
    ),
    (r"unterminated triple-quoted (?:f-)?string literal", 'en text med `"""` som aldrig tar slut'),
    (r"unterminated (?:f-)?string literal", "ett citattecken saknas: texten tar aldrig slut"),
    (r"expected 'except' or 'finally'", "`try` står utan `except`"),
    (r"expected ':'", "kolon (`:`) saknas"),
    (r"expected '(.+)'", "`{0}` saknas"),
    (r"expected an indented block after (.+?) on line (\d+)", "efter rad {1} saknas indragen kod"),
    (r"expected an indented block", "här saknas indragen kod"),
    (r"unexpected indent", "raden är indragen utan anledning"),
    (r"unindent does not match", "indraget stämmer inte med någon rad ovanför"),
    (r"inconsistent use of tabs and spaces", "indraget blandar tabbar och mellanslag"),
    (
        r"invalid non-printable character (U\+\w+)",
        "ett osynligt tecken ({0}), ofta ett hårt mellanslag som följt med när texten klistrades "
        "in ur en PDF eller webbsida; sudda det och skriv ett vanligt mellanslag",
    ),
    (
        r"invalid character '(.+)' \((U\+\w+)\)",
        "tecknet {0} ({1}) finns inte i Python; det har kanske följt med när texten klistrades in",
    ),
    (r"Missing parentheses in call to '(\w+)'", "parenteser saknas efter `{0}`"),
    (r"invalid syntax\. Perhaps you forgot a comma", "ett komma verkar saknas"),
    (r"(?:invalid syntax|cannot assign).*Maybe you meant '=='", "`=` där det kanske ska vara `==`"),
    (r"cannot assign to (.+?)(?: here)?(?:\.|$)", "det som står här går inte att ge ett värde"),
    (r"unexpected character after line continuation", "ett tecken efter `\\` sist på raden"),
    (r"unexpected EOF|was never completed", "koden tar slut mitt i"),
    (r"'(\w+)' outside (?:async )?(?:function|loop)", "`{0}` står utanför funktionen eller loopen"),
    (r"'(\w+)' not properly in loop", "`{0}` står utanför loopen"),
    (
        r"(?:non-default argument|parameter without a default) follows",
        "en parameter utan standardvärde kommer efter en med",
    ),
    (r"positional argument follows keyword", "ett argument utan namn kommer efter ett med namn"),
    (r"duplicate argument '(.+)'", "parametern `{0}` finns två gånger"),
    (r"keyword argument repeated: (.+)", "argumentet `{0}` står två gånger"),
    (r"f-string: (?:expecting '}'|single '}')", "klamrarna i f-strängen går inte ihop"),
    (r"Exceeds the limit", "ett orimligt stort heltal"),
    (r"leading zeros in decimal", "heltal får inte börja med nolla"),
    (r"invalid decimal literal", "en siffra direkt följd av bokstäver"),
    (r"name '(.+)' is .+ prior to global", "`global {0}` ska stå före den första användningen"),
    (r"source code (?:string )?cannot contain null bytes", "filen innehåller nolltecken"),
    (
        r"too many (?:nested|statically nested|levels of)",
        "koden är för djupt nästlad för att läsas",
    ),
    (r"surrogates not allowed", "ett trasigt tecken"),
    (r"invalid syntax", "Python förstår inte raden"),
)


def syntax_in_swedish(message: str) -> str:
    """Pythons meddelande om ett syntaxfel, på svenska."""
    for pattern, swedish in _MESSAGES:
        match = re.search(pattern, message)
        if match:
            return swedish.format(*(group or "" for group in match.groups()))
    return f"Python förstår inte raden (”{message[:100]}”)"


def described(error: SyntaxError, text: str) -> str:
    """Felet med studentens egen rad: "rad 2: `(` stängs aldrig: `x = (1 + 2`"."""
    number = error.lineno or 1
    lines = text.split("\n")
    line = lines[number - 1].strip()[:80] if 0 < number <= len(lines) else ""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return f"rad {number}: {syntax_in_swedish(error.msg or '')}" + (f": `{shown}`" if shown else "")
