"""Övningarna och `check()`.

(recept läggs till)
"""

from dqn_helpers.exercises.card import CheckResult
from dqn_helpers.exercises.checking import check
from dqn_helpers.exercises.registry import EXERCISES

__all__ = ["EXERCISES", "CheckResult", "check"]
