"""Var kursen finns på nätet; det står på ett enda ställe, `[tool.kurs]` i `pyproject.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Address:
    """Kursens studentversion som ett eget repo på GitHub; tomt så länge det inte finns något."""

    repository: str = ""
    branch: str = "main"

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


def read_address(pyproject: Path) -> Address:
    """Adressen ur `pyproject.toml`."""
    tool = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})
    return Address(**tool.get("kurs", {}))
