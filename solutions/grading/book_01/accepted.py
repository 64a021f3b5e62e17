"""Rätta lösningar i olika stilar. Var och en ska få full poäng, överallt och alltid."""

import functools
import itertools
import math
import random

import numpy as np
import torch

from dqn_helpers.autograder.catalogue import correct


# --- 1.1 -----------------------------------------------------------------------------------------
@correct("1.1")
def return_with_enumerate(rewards, discount_factor):
    return sum(discount_factor**t * r for t, r in enumerate(rewards))


@correct("1.1")
def return_backwards(rewards, discount_factor):
    g = 0
    for r in reversed(rewards):
        g = r + discount_factor * g
    return g


@correct("1.1")
def return_with_growing_weight(belöningar, gamma):
    summa, vikt = 0.0, 1.0
    for belöning in belöningar:
        print("vikt", vikt, "belöning", belöning)
        summa += vikt * belöning
        vikt *= gamma
    return summa


@correct("1.1")
def return_vectorised(rewards, discount_factor):
    rewards = np.asarray(rewards, dtype=float)
    return rewards @ discount_factor ** np.arange(rewards.size)


@correct("1.1")
def return_as_polynomial(rewards, discount_factor):
    return float(np.polyval(rewards[::-1], discount_factor))


@correct("1.1")
def return_recursive(rewards, discount_factor):
    if len(rewards) == 0:
        return 0.0
    return rewards[0] + discount_factor * return_recursive(rewards[1:], discount_factor)


@correct("1.1")
def return_with_while(rewards, gamma):
    rewards = list(rewards)
    total, power = 0.0, 0
    while rewards:
        total += math.pow(gamma, power) * rewards.pop(0)
        power += 1
    return total


@correct("1.1")
def return_with_torch(rewards: list, discount_factor: float) -> torch.Tensor:
    r = torch.tensor([float(x) for x in rewards])
    return (discount_factor ** torch.arange(len(r)) * r).sum()


correct("1.1")(lambda r, g: functools.reduce(lambda total, x: x + g * total, list(r)[::-1], 0.0))


@correct("1.1")
def return_accumulated(rewards, discount_factor):
    weights = itertools.accumulate(rewards, lambda w, _: w * discount_factor, initial=1.0)
    return math.fsum(w * r for w, r in zip(weights, rewards, strict=False))


# --- 1.2 -----------------------------------------------------------------------------------------
@correct("1.2")
def backup_vectorised(q_values, transition_probabilities, rewards, discount_factor):
    best = q_values.max(axis=1)
    return (transition_probabilities * (rewards + discount_factor * best)).sum(axis=2)


@correct("1.2")
def backup_with_loops(q_values, transition_probabilities, rewards, discount_factor):
    n_states, n_actions = q_values.shape
    updated = np.zeros_like(q_values)
    for s in range(n_states):
        for a in range(n_actions):
            for s2 in range(n_states):
                p = transition_probabilities[s, a, s2]
                if p == 0:
                    continue
                updated[s, a] += p * (rewards[s, a, s2] + discount_factor * max(q_values[s2]))
    return updated


@correct("1.2")
def backup_with_einsum(q, p, r, gamma):
    return np.einsum("ijk,ijk->ij", p, r) + gamma * np.einsum("ijk,k->ij", p, q.max(-1))


@correct("1.2")
def backup_with_matrix_product(q: np.ndarray, p: np.ndarray, r: np.ndarray, gamma: float):
    expected_reward = np.sum(p * r, axis=-1)
    return expected_reward + gamma * p @ np.amax(q, axis=1)


@correct("1.2")
def backup_on_own_copy(q_värden, sannolikheter, belöningar, gamma):
    nya = q_värden.copy()
    for s, a in np.ndindex(nya.shape):
        mål = belöningar[s, a] + gamma * q_värden.max(axis=1)
        nya[s, a] = np.average(mål, weights=sannolikheter[s, a])
    return nya


def _expected(q, probabilities, rewards, gamma):
    return sum(
        p * (r + gamma * max(row)) for p, r, row in zip(probabilities, rewards, q, strict=True)
    )


@correct("1.2")
def backup_with_helper(q, p, r, gamma):
    return np.array(
        [
            [_expected(q, p[s, a], r[s, a], gamma) for a in range(q.shape[1])]
            for s in range(q.shape[0])
        ]
    )


@correct("1.2")
def backup_in_torch(q, p, r, gamma):
    q, p, r = (torch.tensor(x) for x in (q, p, r))
    best, _ = q.max(dim=1)
    return (p * (r + gamma * best.view(1, 1, -1))).sum(-1).numpy()


@correct("1.2")
def backup_with_greedy_action(q, p, r, gamma):
    greedy = np.argmax(q, axis=1)
    v = q[np.arange(len(q)), greedy]
    return np.tensordot(p, gamma * v, axes=1) + np.multiply(p, r).sum(2)


# --- 1.3 -----------------------------------------------------------------------------------------
@correct("1.3")
def update_plain(
    q_values, state, action, reward, next_state, terminated, learning_rate, discount_factor
):
    target = reward
    if not terminated:
        target = reward + discount_factor * np.max(q_values[next_state])
    td_error = target - q_values[state, action]
    q_values[state, action] += learning_rate * td_error
    return td_error


@correct("1.3")
def update_with_mask(q, s, a, r, s2, done, alpha, gamma):
    error = r + gamma * q[s2].max() * (1 - done) - q[s][a]
    q[s][a] = q[s][a] + alpha * error
    return float(error)


@correct("1.3")
def update_as_mixture(q, s, a, r, s2, slut, alfa, gamma):
    gammalt = q[s, a]
    mål = r + (not slut) * gamma * max(q[s2])
    q[s, a] = (1 - alfa) * gammalt + alfa * mål
    print("flyttade", gammalt, "till", q[s, a])
    return mål - gammalt


@correct("1.3")
def update_through_row(q, s, a, r, s2, terminated: bool, alpha: float, gamma: float) -> float:
    row, future = q[s], 0.0 if terminated else sorted(q[s2])[-1]
    error = np.float64(r + gamma * future - row[a])
    row[a] += alpha * error
    return error


@correct("1.3")
def update_with_loop_for_max(q, s, a, r, s2, terminated, alpha, gamma):
    best = -float("inf")
    for b in range(q.shape[1]):
        if q[s2, b] > best:
            best = q[s2, b]
    if terminated:
        best = 0
    error = q[s, a] - (r + gamma * best)
    q[s, a] -= alpha * error
    return -error


@correct("1.3")
def update_in_shared_tensor(q, s, a, r, s2, terminated, alpha, gamma):
    table = torch.from_numpy(q)
    error = r + gamma * table[s2].amax() * (not terminated) - table[s, a]
    table[s, a] += alpha * error
    return error


@correct("1.3")
def update_with_add_at(q, s, a, r, s2, terminated, alpha, gamma):
    target = np.where(terminated, r, r + gamma * q[s2, np.argmax(q[s2])])
    error = target - q[s, a]
    np.add.at(q, (s, a), alpha * error)
    return error


@correct("1.3")
def update_whole_table(q, s, a, r, s2, terminated, alpha, gamma):
    step = np.zeros_like(q)
    step[s, a] = r + (0 if terminated else gamma * q.max(axis=1)[s2]) - q[s, a]
    q += alpha * step
    return step[s, a]


# --- 1.4 -----------------------------------------------------------------------------------------
@correct("1.4")
def choice_with_argmax(action_values, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(action_values))
    return np.argmax(action_values)


@correct("1.4")
def choice_among_ties(action_values: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
    best = np.flatnonzero(action_values == action_values.max())
    greedy = rng.choice(best)
    other = rng.integers(0, action_values.shape[0])
    return int(other if rng.uniform() < epsilon else greedy)


@correct("1.4")
def choice_by_probabilities(action_values, epsilon, rng):
    n = len(action_values)
    p = np.full(n, epsilon / n)
    p[action_values.argmax()] += 1 - epsilon
    return rng.choice(n, p=p)


@correct("1.4")
def choice_with_last_tie(värden, epsilon, rng):
    utforska = rng.binomial(1, epsilon)
    if utforska == 1:
        return int(rng.choice(range(len(värden))))
    bäst = 0
    for handling in range(len(värden)):
        if värden[handling] >= värden[bäst]:
            bäst = handling
    return bäst


@correct("1.4")
def choice_with_floor(values, epsilon, rng):
    u = rng.random()
    if u >= epsilon:
        return max(range(len(values)), key=lambda a: values[a])
    return math.floor(u / epsilon * len(values))  # samma slumptal en gång till: u/ε är likformigt


@correct("1.4")
def choice_by_shuffling(values, epsilon, rng):
    order = rng.permutation(len(values))
    if epsilon > rng.random():
        return order[0]
    return sorted(order, key=lambda a: -values[a])[0]


@correct("1.4")
def choice_in_torch(values, epsilon, rng):
    explores = rng.choice([True, False], p=[epsilon, 1 - epsilon])
    n = len(values)
    return torch.tensor(rng.integers(n)) if explores else torch.tensor(values).argmax()


@correct("1.4")
def choice_with_seeded_random(values, epsilon, rng):
    """Omvägen över random är tillåten: all slump kommer ändå ur rng."""
    own = random.Random(int(rng.integers(2**32)))
    if own.random() < epsilon:
        return own.randrange(len(values))
    return list(values).index(max(values))
