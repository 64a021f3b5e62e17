"""Leksaker: att spela, klicka och dra i, utan att Python behöver vara i gång.

    from dqn_helpers import toys

    toys.play_cartpole()

Varje leksak är en Pythonfil, som säger vad som ska synas, och ett skript med samma namn.
"""

from dqn_helpers.toys.cartpole import play_cartpole, trained_policies
from dqn_helpers.toys.casino import casino
from dqn_helpers.toys.lake import td_lake
from dqn_helpers.toys.toy import Toy

__all__ = ["Toy", "casino", "play_cartpole", "td_lake", "trained_policies"]
