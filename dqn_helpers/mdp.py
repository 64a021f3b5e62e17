"""Tabeller i stället för nätverk: MDP:er som går att räkna ut exakt.

Allt är float64 i numpy. S är antalet tillstånd, A antalet handlingar och arrayerna har formerna

* `transition_probabilities` (S, A, S): sannolikheten att hamna i s' när man gör a i s,
* `rewards` (S, A, S): belöningen för just det steget,
* `q_values` (S, A): handlingsvärdena.

Källor: Sutton och Barto, *Reinforcement Learning: An Introduction*, 2 uppl. 2018, kapitel 3,
4 och 6.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from dqn_helpers.checks import (
    as_seed,
    check_actions,
    check_episodes,
    check_mdp,
    check_policy,
    check_q_table,
    check_share,
    from_reset,
    from_step,
    table_sizes,
)
from dqn_helpers.policy import epsilon_greedy


@dataclass(frozen=True)
class TabularMDP:
    """En MDP med känd modell.

    Ett sluttillstånd är en återvändsgränd: alla handlingar leder tillbaka dit med belöningen 0,
    så att dess värde blir 0 utan särskilda regler.

    Attributes:
        transition_probabilities: float64 (S, A, S). Raderna summerar till 1, utom för handlingar
            som inte är tillåtna: där är allt 0.
        rewards: float64 (S, A, S).
        allowed_actions: bool (S, A). En otillåten handling får värdet -inf, aldrig 0: noll kan
            vara bättre än allt som är tillåtet.

    Raises:
        ValueError: om formerna inte går ihop, något värde inte är ändligt, någon sannolikhet är
            negativ eller en tillåten handlings sannolikheter inte summerar till 1.
    """

    transition_probabilities: np.ndarray
    rewards: np.ndarray
    allowed_actions: np.ndarray

    def __post_init__(self) -> None:
        check_mdp(self.transition_probabilities, self.rewards, self.allowed_actions)

    @property
    def n_states(self) -> int:
        """Antalet tillstånd S."""
        return self.transition_probabilities.shape[0]

    @property
    def n_actions(self) -> int:
        """Antalet handlingar A."""
        return self.transition_probabilities.shape[1]


def three_state_mdp() -> TabularMDP:
    """MDP:n med tre tillstånd och tre handlingar som kursen räknar för hand på.

    I s1 kan man antingen stanna kvar gratis (a0) eller betala 50 för att ta sig till s2 (a2), där
    +40 väntar. Vilket som lönar sig beror på diskonteringsfaktorn: gränsen går vid γ ≈ 0,9476.

    Källa: A. Géron, *Hands-On Machine Learning*, kapitlet om förstärkningsinlärning.
    """
    p = np.zeros((3, 3, 3))
    r = np.zeros((3, 3, 3))
    p[0, 0] = [0.7, 0.3, 0.0]
    p[0, 1] = [1.0, 0.0, 0.0]
    p[0, 2] = [0.8, 0.2, 0.0]
    p[1, 0] = [0.0, 1.0, 0.0]
    p[1, 2] = [0.0, 0.0, 1.0]
    p[2, 1] = [0.8, 0.1, 0.1]
    r[0, 0, 0] = 10.0
    r[1, 2, 2] = -50.0
    r[2, 1, 0] = 40.0
    return TabularMDP(p, r, allowed_actions=p.sum(axis=2) > 0)


def mdp_from_gymnasium(env: gym.Env) -> TabularMDP:
    """Läs modellen ur en miljö som publicerar sin övergångstabell (`env.unwrapped.P`).

    FrozenLake, CliffWalking och Taxi gör det. Tabellen säger `P[s][a]` = en lista av
    (sannolikhet, s', belöning, terminated). Tillstånd som nås med `terminated` görs till
    återvändsgränder med belöningen 0.

    Raises:
        ValueError: om miljön saknar tabell, eller om samma tillstånd ibland avslutar episoden och
            ibland inte (då räcker inte tillståndet för att veta om framtiden är slut). Det gäller
            bara tillstånd som går att nå från starten: Taxis tabell har också omöjliga lägen.
    """
    table = getattr(env.unwrapped, "P", None)
    if table is None:
        raise ValueError(
            f"Miljön `{type(env.unwrapped).__name__}` har ingen övergångstabell "
            "(`env.unwrapped.P`). Välj en som har en sådan, till exempel FrozenLake-v1, eller låt "
            "agenten lära sig ur övergångar i stället."
        )
    terminal = _terminal_states(table, getattr(env.unwrapped, "initial_state_distrib", None))
    n_states, n_actions = len(table), len(table[0])
    p = np.zeros((n_states, n_actions, n_states))
    reward_sum = np.zeros_like(p)
    for s, a, probability, next_s, reward, _ in _table_rows(table):
        if s not in terminal:
            p[s, a, next_s] += probability
            reward_sum[s, a, next_s] += probability * reward
    for s in terminal:
        p[s, :, s] = 1.0
    # Flera rader kan leda till samma s' (en vägg): belöningen blir deras väntevärde.
    rewards = np.divide(reward_sum, p, out=np.zeros_like(p), where=p > 0)
    return TabularMDP(p, rewards, allowed_actions=np.ones((n_states, n_actions), dtype=bool))


def _table_rows(table: dict) -> Iterator[tuple[int, int, float, int, float, bool]]:
    """Alla rader i en Gymnasium-tabell som (s, a, sannolikhet, s', belöning, terminated)."""
    for s, actions in table.items():
        for a, rows in actions.items():
            for probability, next_s, reward, terminated in rows:
                if probability > 0:
                    yield s, a, probability, int(next_s), float(reward), bool(terminated)


def _terminal_states(table: dict, start_distribution: np.ndarray | None) -> set[int]:
    """De tillstånd som avslutar episoden, efter kontroll att de alltid gör det."""
    rows = list(_table_rows(table))
    terminal = {next_s for *_, next_s, _, terminated in rows if terminated}
    starts = table if start_distribution is None else np.flatnonzero(start_distribution)
    running = _states_before_the_end(rows, {int(s) for s in starts})
    for s, a, _, next_s, _, terminated in rows:
        if next_s in terminal and not terminated and s in running - terminal:
            raise ValueError(
                f"Tillstånd {next_s} avslutar ibland episoden, men inte efter handling {a} i "
                f"tillstånd {s}. Då räcker inte tillståndet för att räkna ut värdet."
            )
    return terminal


def _states_before_the_end(
    rows: list[tuple[int, int, float, int, float, bool]], starts: set[int]
) -> set[int]:
    """De tillstånd där man kan stå medan episoden pågår."""
    successors: dict[int, set[int]] = {}
    for s, _, _, next_s, _, terminated in rows:
        if not terminated:
            successors.setdefault(s, set()).add(next_s)
    found, new = set(starts), set(starts)
    while new:
        new = set().union(*(successors.get(s, set()) for s in new)) - found
        found |= new
    return found


def discounted_return(rewards: Sequence[float] | np.ndarray, discount_factor: float) -> float:
    """Summan av γ^t · r_t från t = 0 (Sutton och Barto, ekvation 3.8).

    Args:
        rewards: T tal i tur och ordning; en tom följd ger 0.
        discount_factor: γ.
    """
    total = 0.0
    # Bakifrån: G_t = r_t + γ · G_{t+1}.
    for reward in reversed(rewards):
        total = float(reward) + discount_factor * total
    return total


def bellman_backup(
    q_values: np.ndarray,
    transition_probabilities: np.ndarray,
    rewards: np.ndarray,
    discount_factor: float,
) -> np.ndarray:
    """Ett svep av Q-värdesiteration: Σ_s' P(s,a,s') · [R(s,a,s') + γ · max_a' Q(s',a')].

    Args:
        q_values: float (S, A); lämnas orörd.
        transition_probabilities: float (S, A, S).
        rewards: float (S, A, S).
        discount_factor: γ.

    Returns:
        En ny array (S, A).

    Källa: Sutton och Barto, ekvation 4.10 skriven för Q.
    """
    best_next = q_values.max(axis=1)  # (S,): det bästa man kan göra i varje s'
    return (transition_probabilities * (rewards + discount_factor * best_next)).sum(axis=2)


def q_value_sweeps(mdp: TabularMDP, discount_factor: float) -> Iterator[np.ndarray]:
    """Q-värdesiterationens svep ett i taget, utan slut; det första är startvärdet noll.

    Yields:
        En ny float64-array (S, A) per svep; otillåtna handlingar har -inf.
    """
    check_share(discount_factor=discount_factor)
    q_values = np.where(mdp.allowed_actions, 0.0, -np.inf)
    while True:
        yield q_values
        updated = bellman_backup(
            q_values, mdp.transition_probabilities, mdp.rewards, discount_factor
        )
        q_values = np.where(mdp.allowed_actions, updated, -np.inf)


def q_value_iteration(
    mdp: TabularMDP, discount_factor: float, tolerance: float = 1e-10, max_sweeps: int = 100_000
) -> np.ndarray:
    """De optimala Q-värdena: svep tills inget värde ändras mer än `tolerance`.

    Returns:
        float64 (S, A); otillåtna handlingar har -inf.

    Raises:
        ValueError: om γ inte ligger mellan 0 och 1, eller om värdena inte har lugnat sig efter
            `max_sweeps` svep (med γ = 1 finns inget svar om agenten kan samla belöning för evigt).
    """
    sweeps = q_value_sweeps(mdp, discount_factor)
    q_values = next(sweeps)
    for _ in range(max_sweeps):
        previous, q_values = q_values, next(sweeps)
        allowed = mdp.allowed_actions
        change = np.abs(q_values[allowed] - previous[allowed]).max()
        if change <= tolerance:
            return q_values
    still = f"{change:.3g}".replace(".", ",")
    raise ValueError(
        f"Q-värdena ändras fortfarande med {still} efter {max_sweeps} svep. Välj en mindre "
        "diskonteringsfaktor, en större tolerans eller fler svep."
    )


def greedy_policy(q_values: np.ndarray) -> np.ndarray:
    """Den bästa handlingen i varje tillstånd, int64 (S,); vid lika värden den med lägst nummer."""
    return q_values.argmax(axis=1)


def evaluate_policy(mdp: TabularMDP, policy: np.ndarray, discount_factor: float) -> np.ndarray:
    """V för en given policy, exakt: lös de S linjära ekvationerna V = r + γ·P·V.

    Args:
        mdp: modellen.
        policy: antingen handlingar, int (S,), eller sannolikheter, float (S, A).
        discount_factor: γ.

    Returns:
        float64 (S,).

    Raises:
        ValueError: om policyn har fel form, inte är handlingar eller sannolikheter eller väljer en
            otillåten handling, eller om γ = 1 och policyn från något tillstånd aldrig kommer fram
            (då saknar ekvationerna lösning).

    Källa: Sutton och Barto, ekvation 4.4.
    """
    check_share(discount_factor=discount_factor)
    probabilities = _action_probabilities(mdp, policy)
    p = np.einsum("sa,sat->st", probabilities, mdp.transition_probabilities)
    r = np.einsum("sa,sat,sat->s", probabilities, mdp.transition_probabilities, mdp.rewards)
    # Ett sluttillstånd har värdet 0. Utan denna rad vore ekvationen V = V där när γ = 1.
    leaves = (p - np.diag(np.diag(p))).any(axis=1)
    stuck = ~leaves & (r == 0.0)
    p[stuck] = 0.0
    if discount_factor == 1 and not _always_arrives(p, stuck):
        raise ValueError(
            "Policyn når aldrig ett sluttillstånd och γ = 1: värdet är inte ändligt. "
            "Välj γ < 1 eller en policy som kommer fram."
        )
    return np.linalg.solve(np.eye(mdp.n_states) - discount_factor * p, r)


def _always_arrives(p: np.ndarray, goals: np.ndarray) -> bool:
    """Sant om man från varje tillstånd kan komma till något av målen, med övergångarna p (S, S)."""
    arrives = goals
    for _ in range(len(p)):
        arrives = arrives | (p @ arrives > 0)
    return bool(arrives.all())


def _action_probabilities(mdp: TabularMDP, policy: np.ndarray) -> np.ndarray:
    """Policyn som sannolikheter (S, A)."""
    policy = np.asarray(policy)
    if policy.ndim == 1 and policy.dtype.kind in "iu":
        check_actions(policy, mdp.n_actions)
        policy = np.eye(mdp.n_actions)[policy]
    check_policy(policy, mdp.allowed_actions)
    return policy


def q_learning_update(
    q_values: np.ndarray,
    state: int,
    action: int,
    reward: float,
    next_state: int,
    terminated: bool,
    learning_rate: float,
    discount_factor: float,
) -> float:
    """Ett steg Q-inlärning: flytta `q_values[state, action]` en bit mot TD-målet, på plats.

    Args:
        q_values: float (S, A); ändras.
        state: numret på tillståndet man var i.
        action: handlingen man gjorde.
        reward: belöningen man fick.
        next_state: tillståndet man hamnade i.
        terminated: sant om `next_state` är ett sluttillstånd: då finns ingen framtid att räkna med.
        learning_rate: hur stor del av vägen värdet flyttas, mellan 0 och 1.
        discount_factor: γ.

    Returns:
        TD-felet, målet minus det gamla värdet.

    Källa: Watkins 1989; Sutton och Barto, ekvation 6.8.
    """
    future = 0.0 if terminated else q_values[next_state].max()
    td_error = float(reward + discount_factor * future - q_values[state, action])
    q_values[state, action] += learning_rate * td_error
    return td_error


def q_learning(
    env: gym.Env,
    n_episodes: int,
    discount_factor: float,
    *,
    learning_rate: float = 0.1,
    epsilon: float = 0.1,
    max_episode_steps: int = 10_000,
    seed: int | None = None,
    q_values: np.ndarray | None = None,
) -> tuple[np.ndarray, list[float]]:
    """Q-inlärning med tabell i en miljö med numrerade tillstånd och handlingar.

    Args:
        env: en Gymnasium-miljö där både observationer och handlingar är `Discrete`.
        n_episodes: hur många episoder som spelas.
        discount_factor: γ.
        learning_rate: inlärningshastigheten α.
        epsilon: sannolikheten att välja en slumpad handling.
        max_episode_steps: en episod bryts senast här, för miljöer utan egen tidsgräns.
        seed: slumpfrö för miljön och för utforskningen.
        q_values: startvärden (S, A), som ändras på plats; nollor om de inte ges.

    Returns:
        Q-värdena (S, A) och en lista med varje episods odiskonterade avkastning.

    Raises:
        ValueError: om miljöns rum inte är `Discrete` från 0, något antal är för litet eller
            `q_values` inte är flyttal med formen (S, A).
    """
    shape = table_sizes(env)
    check_episodes(n_episodes, max_episode_steps)
    seed = as_seed(seed)
    q_values = np.zeros(shape) if q_values is None else q_values
    check_q_table(q_values, shape)
    # Miljön gör sin slump av `seed`. Samma frö här skulle ge samma tal i miljön och utforskningen.
    rng = np.random.default_rng(None if seed is None else [seed, 1])
    returns = []
    for episode in range(n_episodes):
        obs, _ = from_reset(env.reset(seed=seed if episode == 0 else None))
        total = 0.0
        for _ in range(max_episode_steps):
            action = epsilon_greedy(q_values[obs], epsilon, rng)
            next_obs, reward, terminated, truncated, _ = from_step(env.step(action))
            q_learning_update(
                q_values,
                obs,
                action,
                float(reward),
                next_obs,
                terminated,
                learning_rate,
                discount_factor,
            )
            total += float(reward)
            obs = next_obs
            if terminated or truncated:
                break
        returns.append(total)
    return q_values, returns
