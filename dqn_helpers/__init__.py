"""Kursens provade referenskod för djup Q-inlärning (DQN).

Det som anteckningsböckerna använder ligger direkt här, figurerna i `dqn_helpers.figures`::

    from dqn_helpers import DQN, ReplayBuffer, train_dqn, show_one_episode
"""

import os
import sys

import torch

from dqn_helpers import no_compiler

# Näten är små: flera trådar gör dem flera gånger långsammare, inte snabbare.
torch.set_num_threads(1)

# Utan skärm (server, container) ska Gymnasium rita i minnet och inte klaga i rött.
if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

# Torchs optimerare läser annars in en kompilator (över en sekund) som kursen inte använder.
no_compiler.stand_in()

# Importerna står efter inställningarna ovan, som måste gälla först.
# ruff: noqa: E402
from dqn_helpers.environments import make_cartpole, make_vector_cartpole
from dqn_helpers.evaluation import (
    greedy_episode,
    greedy_returns,
    realised_returns,
    vectorized_greedy_returns,
)
from dqn_helpers.figures import Picture, show_one_episode
from dqn_helpers.mdp import (
    TabularMDP,
    bellman_backup,
    discounted_return,
    evaluate_policy,
    greedy_policy,
    mdp_from_gymnasium,
    q_learning,
    q_learning_update,
    q_value_iteration,
    q_value_sweeps,
    three_state_mdp,
)
from dqn_helpers.network import DQN, load_agent, save_agent
from dqn_helpers.policy import choose_dqn_action, epsilon_greedy, linear_epsilon
from dqn_helpers.replay import Batch, Experience, ReplayBuffer, sample_experiences, to_tensor
from dqn_helpers.training import (
    chosen_q_values,
    dqn_training_step,
    play_and_record_episode,
    td_target,
    train_dqn,
    update_target_network,
)
from dqn_helpers.training_log import TrainingLog

__all__ = [
    "DQN",
    "Batch",
    "Experience",
    "Picture",
    "ReplayBuffer",
    "TabularMDP",
    "TrainingLog",
    "bellman_backup",
    "choose_dqn_action",
    "chosen_q_values",
    "discounted_return",
    "dqn_training_step",
    "epsilon_greedy",
    "evaluate_policy",
    "greedy_episode",
    "greedy_policy",
    "greedy_returns",
    "linear_epsilon",
    "load_agent",
    "make_cartpole",
    "make_vector_cartpole",
    "mdp_from_gymnasium",
    "play_and_record_episode",
    "q_learning",
    "q_learning_update",
    "q_value_iteration",
    "q_value_sweeps",
    "realised_returns",
    "sample_experiences",
    "save_agent",
    "show_one_episode",
    "td_target",
    "three_state_mdp",
    "to_tensor",
    "train_dqn",
    "update_target_network",
    "vectorized_greedy_returns",
]
