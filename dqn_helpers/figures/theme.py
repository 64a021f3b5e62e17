"""Kursens färger: en färg har en betydelse, och den är densamma överallt.

Färgerna är valda så att de går att skilja åt också för den som är färgblind, och så att text får
minst kontrasten 4,5:1 och linjer minst 3:1 mot både ljus och mörk bakgrund (WCAG 2.2).
"""

LIGHT = {
    "ink": "#1f2933",  # text och konturer
    "muted": "#5b6770",  # det som är mindre viktigt
    "paper": "#ffffff",
    "online": "#0b66a3",  # online-nätverket, och det som lär sig
    "target": "#a84300",  # målet och målnätverket
    "reward": "#00785a",  # belöningar, och det som är rätt
    "wrong": "#b3261e",  # fel, fall och stup
    "ground": "#e8eef1",  # mark, is och ytor bakom text
    "accent": "#0f766e",  # kursens egen färg
}
"""Betydelse → färg på ljus bakgrund."""

DARK = {
    "ink": "#e6edf3",
    "muted": "#a5b1ba",
    "paper": "#16191d",
    "online": "#6cb8ec",
    "target": "#ff9d5c",
    "reward": "#4fd1a5",
    "wrong": "#ff8a80",
    "ground": "#2a323a",
    "accent": "#5eead4",
}
"""Betydelse → färg på mörk bakgrund."""


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


def _variables(colors: dict[str, str]) -> str:
    return " ".join(f"--dqn-{meaning}: {value};" for meaning, value in colors.items())


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
