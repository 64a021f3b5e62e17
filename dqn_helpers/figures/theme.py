"""Kursens färger: en färg har en betydelse, och den är densamma överallt.

Färgerna är valda så att de går att skilja åt också för den som är färgblind, och så att text får
minst kontrasten 4,5:1 och linjer minst 3:1 mot både ljus och mörk bakgrund (WCAG 2.2).
"""

LIGHT = {
    "ink": "#1f2933",  # text och konturer
    "muted": "#5b6770",  # det som är mindre viktigt
    "paper": "#ffffff",
    "page": "#f5f2ec",  # rapporternas sidor, bakom det vita
    "mark": "#fff1c2",  # den rad i studentens kod som pekas ut
    "online": "#0b66a3",  # online-nätverket, och det som lär sig
    "target": "#a84300",  # TD-målet och målnätverket
    "reward": "#00785a",  # belöningar, och det som är rätt
    "wrong": "#b3261e",  # fel, fall och stup
    "almost": "#8a5200",  # det som inte stämmer än
    "right-tint": "#e3f4ec",  # ytor bakom det som är rätt, nästan rätt och fel
    "almost-tint": "#fdf1da",
    "wrong-tint": "#fdeae8",
    "ground": "#e8eef1",  # mark, is och ytor bakom text
    "accent": "#0f766e",  # kursens egen färg
    "other": "#7b3f98",  # en sak till att jämföra med
    "note": "#6f5600",  # det man ska titta på
}
"""Betydelse → färg på ljus bakgrund."""

DARK = {
    "ink": "#e6edf3",
    "muted": "#a5b1ba",
    "paper": "#16191d",
    "page": "#0e1114",
    "mark": "#453708",
    "online": "#6cb8ec",
    "target": "#ff9d5c",
    "reward": "#4fd1a5",
    "wrong": "#ff8a80",
    "almost": "#f2bd5b",
    "right-tint": "#14342a",
    "almost-tint": "#38290d",
    "wrong-tint": "#43201d",
    "ground": "#2a323a",
    "accent": "#5eead4",
    "other": "#d0a5ec",
    "note": "#e6c34a",
}
"""Betydelse → färg på mörk bakgrund."""


FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
"""Sidans eget typsnitt: bilden ska inte se ut som något som klistrats in."""


def color(meaning: str) -> str:
    """Färgen så som den skrivs i en teckning: den följer sidans tema, om sidan har ett.

    Raises:
        KeyError: om betydelsen inte finns.
    """
    return f"var(--dqn-{meaning}, {LIGHT[meaning]})"


def css(selector: str) -> str:
    """CSS som ger elementet kursens färger, ljusa eller mörka som sidan runt omkring."""
    light, dark = _variables(LIGHT), _variables(DARK)
    return (
        f"{selector} {{ {light} }}\n"
        f'body[data-jp-theme-light="false"] {selector} {{ {dark} }}\n'
        f"@media (prefers-color-scheme: dark) {{ body:not([data-jp-theme-light]) {selector} "
        f"{{ {dark} }} }}\n"
    )


def page_css() -> str:
    """CSS för en hel sida: kursens färger, ljusa eller mörka som datorn, alltid ljusa på papper."""
    light, dark = _variables(LIGHT), _variables(DARK)
    return (
        f":root {{ {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    )


def _variables(colors: dict[str, str]) -> str:
    return " ".join(f"--dqn-{meaning}: {value};" for meaning, value in colors.items())


SVG_STYLE = (
    f"<style>:root {{ {_variables(LIGHT)} }} "
    f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}</style>"
)
"""Färgerna i en SVG som är en egen fil.

Ligger den i en `<img>` frågar den inte datorn efter ljust eller mörkt, utan sidan: den får det
`color-scheme` som står på `<img>`, och det bestämmer `image_css`.
"""


def image_css(selector: str) -> str:
    """CSS som säger åt bilderna på sidan om den är ljus eller mörk; på papper är den ljus."""
    return (
        f"{selector} {{ color-scheme: light }}\n"
        f"@media not print {{ "
        f'body[data-jp-theme-light="false"] {selector}, body.vscode-dark {selector} '
        "{ color-scheme: dark } }\n"
        "@media (prefers-color-scheme: dark) and (not print) { "
        f"body:not([data-jp-theme-light], .vscode-light) {selector} {{ color-scheme: dark }} }}\n"
    )


def themed(hexadecimal: str) -> str:
    """En ljus färg ur en färdig bild som den färg som följer sidans tema.

    Svart blir text, vitt blir papper och grått det som är mindre viktigt. En färg som inte är
    kursens lämnas som den är.
    """
    meanings = {value: meaning for meaning, value in LIGHT.items()}
    red, green, blue = (int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5))
    if red == green == blue:
        return color("ink" if red < 64 else "muted" if red < 240 else "paper")
    return color(meanings[hexadecimal]) if hexadecimal in meanings else hexadecimal


def contrast(one: str, other: str) -> float:
    """Kontrasten mellan två färger, 1 till 21, så som WCAG räknar den.

    Args:
        one: en färg som "#1f2933".
        other: en till.
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    """Färgens relativa luminans, enligt WCAG 2.2."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
