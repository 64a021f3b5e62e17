"""Att ta bort en del av DQN-loopen i taget, för att se vad delen gör.

Källa till idén om ett träningssteg per episod: äldre kursmaterial, där varje episod följs av ett
enda anrop av träningssteget.
"""

from typing import Any

import gymnasium as gym

from dqn_helpers.training import TrainingStep, dqn_training_step, update_target_network

NEVER = 10**9


def once_per_episode(
    env: gym.Env,
    training_step: TrainingStep = dqn_training_step,
    target_update_every: int = 5,
) -> dict[str, Any]:
    """Inställningar till `train_dqn` som ger ett enda träningssteg efter varje episod.

    `train_dqn` räknar också anropen där inget händer, så målnätverket kopieras här: efter vart
    `target_update_every`-te träningssteg som verkligen togs.

    Args:
        env: miljön som agenten tränas i, med ett `RecordEpisodeStatistics` i sig.
        training_step: träningssteget, med sju argument.
        target_update_every: målnätverket blir en kopia efter vart så mångte träningssteg.

    Raises:
        AttributeError: om miljön inte räknar sina episoder.
    """
    env.get_wrapper_attr("episode_count")  # finns den inte säger vi det genast
    n_finished, n_trained = None, 0

    def step(*arguments: Any) -> Any:
        nonlocal n_finished, n_trained
        before, n_finished = n_finished, env.get_wrapper_attr("episode_count")
        if before is None or before == n_finished:
            return 0.0
        n_trained += 1
        loss = training_step(*arguments)
        model, target_model = arguments[0], arguments[6]
        if target_model is not None and n_trained % target_update_every == 0:
            update_target_network(model, target_model)
        return loss

    return {"training_step": step, "train_every": 1, "target_update_every": NEVER}
