"""Maximeringsbias i en tabell: Sutton och Bartos exempel 6.7, många körningar på en gång.

Från A går höger (belöning 0) till slutet, medan vänster (belöning 0) går till B. I B finns flera
handlingar, alla med belöning ur N(−0,1, 1) och sedan slut. Vänster är alltså alltid sämre, men
det största av många brusiga medelvärden ser ut som en vinst.

Källa: Sutton och Barto 2018, exempel 6.7 och figur 6.5; van Hasselt, *Double Q-learning*, NIPS
2010. Antalet handlingar i B står inte i boken; här är det 10.
"""

import numpy as np

LEFT, RIGHT = 0, 1


def left_share_per_episode(
    double: bool,
    *,
    n_runs: int = 10_000,
    n_episodes: int = 300,
    n_actions_in_b: int = 10,
    learning_rate: float = 0.1,
    decay: float = 0.0,
    epsilon: float = 0.1,
    seed: int | None = 0,
) -> np.ndarray:
    """Andelen av körningarna som väljer vänster i A, episod för episod.

    Med ε = 0,1 är 5 % det bästa möjliga: då är vänster bara ett utforskande steg.

    Args:
        double: sant ger dubbel Q-inlärning med två tabeller, falskt vanlig Q-inlärning med en.
        n_runs: antalet oberoende körningar; de räknas som rader i samma arrayer.
        n_episodes: antalet episoder i varje körning.
        n_actions_in_b: antalet handlingar i B.
        learning_rate: inlärningshastigheten α.
        decay: med ett tal större än 0 krymper α, till α gånger n upphöjt till −`decay` i den n:te
            uppdateringen av ett värde. Mellan 0,5 och 1 krymper den lagom fort för att konvergera.
        epsilon: sannolikheten att välja på måfå.
        seed: slumpfrö.

    Returns:
        float64 (n_episodes,), tal mellan 0 och 1.
    """
    rng = np.random.default_rng(seed)
    n_tables = 2 if double else 1
    # Form (tabell, körning, handling). Vanlig Q-inlärning är specialfallet med en enda tabell.
    q_a = np.zeros((n_tables, n_runs, 2))
    q_b = np.zeros((n_tables, n_runs, n_actions_in_b))
    n_a, n_b = np.zeros_like(q_a), np.zeros_like(q_b)  # uppdateringar av varje värde
    shares = np.empty(n_episodes)
    for episode in range(n_episodes):
        in_a = _epsilon_greedy_rows(q_a.sum(axis=0), epsilon, rng)
        in_b = _epsilon_greedy_rows(q_b.sum(axis=0), epsilon, rng)
        reward_in_b = rng.normal(-0.1, 1.0, n_runs)
        went_left = in_a == LEFT
        shares[episode] = went_left.mean()

        runs = np.arange(n_runs)
        # En slantsingling per uppdatering avgör vilken tabell som lär sig; den andra värderar.
        learns, values = _draw_tables(n_tables, n_runs, rng)
        best_in_b = _random_best(q_b[learns, runs], rng)
        target = np.where(went_left, q_b[values, runs, best_in_b], 0.0)
        _move(q_a, n_a, (learns, runs, in_a), target, learning_rate, decay)

        learns, _ = _draw_tables(n_tables, n_runs, rng)
        in_b_too = learns[went_left], runs[went_left], in_b[went_left]
        _move(q_b, n_b, in_b_too, reward_in_b[went_left], learning_rate, decay)
    return shares


def _move(
    values: np.ndarray,
    n_updates: np.ndarray,
    places: tuple[np.ndarray, ...],
    target: np.ndarray,
    learning_rate: float,
    decay: float,
) -> None:
    """Flytta värdena på `places` mot TD-målet, på plats; varje körning har högst en plats."""
    n_updates[places] += 1
    step = learning_rate * n_updates[places] ** -decay
    values[places] += step * (target - values[places])


def _draw_tables(
    n_tables: int, n_runs: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Vilken tabell som lär sig och vilken som värderar, i varje körning."""
    learns = rng.integers(n_tables, size=n_runs)
    return learns, n_tables - 1 - learns


def _epsilon_greedy_rows(
    values: np.ndarray, epsilon: float, rng: np.random.Generator
) -> np.ndarray:
    """En ε-girig handling per rad i `values` (körning, handling)."""
    n_runs, n_actions = values.shape
    explore = rng.random(n_runs) < epsilon
    return np.where(explore, rng.integers(n_actions, size=n_runs), _random_best(values, rng))


def _random_best(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Den bästa handlingen per rad; lika värden lottas."""
    ties = values == values.max(axis=1, keepdims=True)
    return np.where(ties, rng.random(values.shape), -1.0).argmax(axis=1)
