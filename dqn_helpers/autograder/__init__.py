"""Rättaren: inlämningar in, poäng och återkoppling ut. Bara lärarens del importerar den."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""Projektets mapp, med `solutions/` och `notebooks/`."""
