"""Det som hände under en träning, tal för tal."""

import math
from dataclasses import dataclass, field


@dataclass
class TrainingLog:
    """Det som hände under en träning. Ge en tom logg till `train_dqn(…, log=…)`.

    Attributes:
        episode_returns: varje avslutad episods avkastning, oskalad.
        episode_ends: antalet miljösteg när den episoden tog slut.
        check_steps: antalet miljösteg vid varje utvärdering.
        check_scores: vad utvärderingen gav.
        losses: förlusten i varje träningssteg.
        environment_steps: antalet miljösteg i allt.
        stopped: sant om träningen slutade för att `stop_at` nåddes.
    """

    episode_returns: list[float] = field(default_factory=list)
    episode_ends: list[int] = field(default_factory=list)
    check_steps: list[int] = field(default_factory=list)
    check_scores: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    environment_steps: int = 0
    stopped: bool = False

    @property
    def gradient_steps(self) -> int:
        """Antalet träningssteg."""
        return len(self.losses)

    @property
    def best_score(self) -> float:
        """Den bästa utvärderingen, eller minus oändligheten om ingen har gjorts."""
        return max(self.check_scores, default=-math.inf)

    def add_episode(self, episode_return: float) -> None:
        """Anteckna en episod som slutade i och med det senaste miljösteget."""
        self.episode_returns.append(episode_return)
        self.episode_ends.append(self.environment_steps)

    def add_check(self, score: float) -> None:
        """Anteckna en utvärdering som gjordes efter det senaste miljösteget."""
        self.check_steps.append(self.environment_steps)
        self.check_scores.append(score)
