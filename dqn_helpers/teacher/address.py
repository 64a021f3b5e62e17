"""Var studentversionen finns på nätet; det står bara i `[tool.kurs]` i `pyproject.toml`.

Webbokens knappar, studentversionens länkar och cellen som hämtar kursens kod i Colab läser det där.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_REPOSITORY = re.compile(
    r"(https://github\.com/)?(?P<name>[\w.-]+/[\w.-]+?)(\.git)?/?", flags=re.ASCII
)


class AddressError(ValueError):
    """Adressen går inte att göra länkar av; meddelandet säger hur den ska se ut."""


@dataclass(frozen=True)
class Address:
    """Kursens studentversion som ett eget repo på GitHub; tomt så länge det inte finns något."""

    repository: str = ""
    branch: str = "main"

    @property
    def url(self) -> str:
        """Repots adress."""
        return f"https://github.com/{self.repository}"

    def starts(self, notebook: str) -> dict[str, str]:
        """Var boken går att öppna utan att installera något, och adressen dit."""
        if not self.repository:
            return {}
        path = f"notebooks/{notebook}"
        return {
            "Colab": f"https://colab.research.google.com/github/{self.repository}/blob/"
            f"{self.branch}/{path}",
            "Binder": f"https://mybinder.org/v2/gh/{self.repository}/{self.branch}"
            f"?urlpath=lab/tree/{quote(path)}",
        }


NOWHERE = Address()


def read_address(pyproject: Path) -> Address:
    """Adressen ur `pyproject.toml`.

    Raises:
        AddressError: om det som står där inte är ett repo på GitHub.
    """
    tool = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})
    written = tool.get("kurs", {})
    branch = written.get("branch", "main")
    where = f"repository i {pyproject.name}"
    return address_of(written.get("repository", ""), where, branch)


def address_of(text: str, where: str, branch: str = "main") -> Address:
    """Adressen ur det som någon har skrivit: `anna/djup-q`, eller hela med https.

    Args:
        text: det skrivna; tomt är ingen adress.
        where: var det står, till felmeddelandet.
        branch: grenen som länkarna leder till.

    Raises:
        AddressError: om det inte är ett repo på GitHub.
    """
    if not text:
        return NOWHERE
    match = _REPOSITORY.fullmatch(text)
    if match is None:
        raise AddressError(f"{where}: {text} är inget repo på GitHub. Skriv till exempel "
                           "https://github.com/anna/djup-q-inlarning.")  # fmt: skip
    return Address(match["name"], branch)
