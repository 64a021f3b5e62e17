"""Tillgänglighet, prövad med axe-core."""

from typing import Any

import pytest


def violations(page: Any, selector: str) -> list[str]:
    """Vad axe-core har att anmärka på i de delar av sidan som väljs ut.

    Args:
        page: fliken.
        selector: CSS för delarna; finns ingen är det ett fel.
    """
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe saknas: pip install -e .[dev]"
    )
    assert page.locator(selector).count() > 0, f"{selector} finns inte på sidan"
    found = axe.Axe().run(page, context=selector)
    return [
        f"{violation['id']}: {node['html'][:150]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
