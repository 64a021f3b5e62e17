"""Tillgänglighet, prövad med axe-core."""

from collections.abc import Sequence
from typing import Any

import pytest

OF_COLOURS = ("color-contrast", "link-in-text-block")
"""De regler som beror på färgerna. Det andra på en sida är lika i ljust och mörkt läge."""


def violations(page: Any, selector: str, rules: Sequence[str] = ()) -> list[str]:
    """Vad axe-core har att anmärka på i de delar av sidan som väljs ut.

    Args:
        page: fliken.
        selector: CSS för delarna; finns ingen är det ett fel.
        rules: bara de reglerna prövas; tomt är alla.
    """
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe saknas: pip install -e .[dev]"
    )
    assert page.locator(selector).count() > 0, f"{selector} finns inte på sidan"
    options: dict[str, Any] = {"resultTypes": ["violations"]}  # allt som gick bra är en lång lista
    if rules:
        options["runOnly"] = list(rules)
    found = axe.Axe().run(page, context=selector, options=options)
    return [
        f"{violation['id']}: {node['html'][:150]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
