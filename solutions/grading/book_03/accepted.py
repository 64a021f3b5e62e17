"""Rätta lösningar i olika stilar. Var och en ska få full poäng, överallt och alltid."""

import copy
import math
import random
from collections import deque

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call, grad_and_value

import dqn_helpers
from dqn_helpers.autograder.catalogue import correct


# --- 3.1 -----------------------------------------------------------------------------------------
@correct("3.1")
def with_where(reward, next_q_values, terminated, discount_factor):
    bootstrapped = reward + discount_factor * next_q_values.max(dim=1).values
    return torch.where(terminated, reward, bootstrapped)


@correct("3.1")
def with_mask_product(belöning, nästa_q, slut, gamma):
    lever_vidare = 1 - slut.float()
    bäst, _ = torch.max(nästa_q, 1)
    print("former:", belöning.shape, bäst.shape)
    return belöning + gamma * lever_vidare * bäst


@correct("3.1")
def with_indexing(
    reward: torch.Tensor, next_q_values: torch.Tensor, terminated: torch.Tensor, gamma: float
) -> torch.Tensor:
    target = reward.clone()
    running = ~terminated
    target[running] += gamma * next_q_values[running].amax(dim=-1)
    return target


@correct("3.1")
def with_loop(r, q, d, g):
    targets = []
    for i in range(len(r)):
        future = 0.0 if d[i] else g * max(q[i])
        targets.append(r[i] + future)
    return torch.stack(targets)


@correct("3.1")
def with_list_of_numbers(r, q, d, g):
    rows = zip(r.tolist(), q.tolist(), d.tolist(), strict=True)
    return torch.tensor([x + (0 if end else g * max(row)) for x, row, end in rows])


@correct("3.1")
def with_masked_fill(r, q, d, g):
    return r + g * q.max(-1)[0].masked_fill(d, 0.0)


@correct("3.1")
def with_numpy_in_float64(r, q, d, g):
    best = np.max(q.numpy().astype(np.float64), axis=1)
    return torch.from_numpy(np.where(d.numpy(), r.numpy(), r.numpy() + g * best))


@correct("3.1")
def with_numpy_result(r, q, d, g):
    return np.where(d, r, r + g * q.numpy().max(1))


@correct("3.1")
def with_own_copy_set_to_zero(r, q, d, g):
    q = q.clone()
    q[d] = 0
    return r + g * q.sort(dim=1, descending=True).values[:, 0]


@correct("3.1")
def with_keepdim_and_squeeze(r, q, d, g):
    r, d = r.unsqueeze(1), d.unsqueeze(1)
    return (r + g * q.max(1, keepdim=True)[0] * d.logical_not()).squeeze(1)


# --- 3.2 -----------------------------------------------------------------------------------------
@correct("3.2")
def with_gather(q_values, action):
    return q_values.gather(1, action.unsqueeze(1)).squeeze(1)


@correct("3.2")
def with_two_indices(q, a):
    return q[torch.arange(len(a)), a]


@correct("3.2")
def with_range_list(q, a):
    return q[range(a.shape[0]), a.tolist()]


@correct("3.2")
def with_one_hot(q, a):
    mask = F.one_hot(a, q.shape[1])
    return (q * mask).sum(dim=1)


@correct("3.2")
def with_stack(q_värden, handlingar):
    rader = [rad[h] for rad, h in zip(q_värden, handlingar, strict=True)]
    return torch.stack(rader)


@correct("3.2")
def with_take_along_dim(q, a):
    return torch.take_along_dim(q, a[:, None], dim=1)[:, 0]


@correct("3.2")
def with_boolean_mask(q, a):
    return q[torch.arange(q.shape[1])[None, :] == a[:, None]]


@correct("3.2")
def with_einsum(q, a):
    return torch.einsum("ba,ba->b", q, F.one_hot(a, q.shape[-1]).to(q.dtype))


# --- 3.3 -----------------------------------------------------------------------------------------
@correct("3.3")
def step_with_helpers(model, optimizer, criterion, replay_buffer, batch_size, discount_factor):
    state, action, reward, next_state, terminated, _ = dqn_helpers.sample_experiences(
        replay_buffer, batch_size
    )
    with torch.no_grad():
        target = dqn_helpers.td_target(reward, model(next_state), terminated, discount_factor)
    predicted = dqn_helpers.chosen_q_values(model(state), action)
    loss = criterion(predicted, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@correct("3.3")
def step_with_own_sampling(net, opt, loss_function, memory, n, gamma):
    rows = [memory[random.randrange(len(memory))] for _ in range(n)]
    s, a, r, s2, end, _ = (np.array(column) for column in zip(*rows, strict=True))
    q_next = net(torch.tensor(s2)).detach()
    y = torch.tensor(r, dtype=torch.float32)
    y = y + gamma * q_next.max(1).values * torch.tensor(~end)
    q = net(torch.tensor(s))[torch.arange(n), torch.tensor(a)]
    loss = loss_function(y, q)  # målet först går lika bra
    net.zero_grad()
    loss.backward()
    opt.step()
    return float(loss)


@correct("3.3")
def step_without_replacement(model, optimizer, criterion, replay_buffer, batch_size, gamma):
    index = np.random.default_rng().choice(len(replay_buffer), batch_size, replace=False)
    optimizer.zero_grad(set_to_none=True)
    q, y = [], []
    for i in index:
        state, action, reward, next_state, terminated, _ = replay_buffer[int(i)]
        q.append(model(torch.as_tensor(state))[action])
        with torch.no_grad():
            future = 0.0 if terminated else gamma * model(torch.as_tensor(next_state)).max()
        y.append(torch.as_tensor(reward + future, dtype=torch.float32))
    loss = criterion(torch.stack(q), torch.stack(y))
    loss.backward()
    optimizer.step()
    return np.float64(loss.detach())


@correct("3.3")
def step_in_columns(model, optimizer, criterion, replay_buffer, batch_size, discount_factor):
    """Former (B, 1) hela vägen: tillåtet, de är ju lika."""
    s, a, r, s2, done, _ = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    target = r[:, None] + discount_factor * model(s2).max(1, keepdim=True)[0] * (~done)[:, None]
    loss = criterion(model(s).gather(1, a[:, None]), target.detach())
    for parameter in model.parameters():
        parameter.grad = None
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


@correct("3.3")
def step_with_frozen_copy(nät, optimerare, kriterium, buffert, antal, gamma):
    print("tränar …")
    fryst = copy.deepcopy(nät)
    erfarenheter = random.sample(list(deque(buffert[i] for i in range(len(buffert)))), antal)
    tillstånd, handling, belöning, nästa, slut, _ = (
        torch.stack([torch.as_tensor(fält) for fält in kolumn])
        for kolumn in zip(*erfarenheter, strict=True)
    )
    bäst = fryst(nästa).detach().amax(1)
    mål = torch.where(slut, belöning.float(), belöning.float() + gamma * bäst)
    förlust = kriterium(nät(tillstånd).gather(1, handling.view(-1, 1)).view(-1), mål)
    optimerare.zero_grad()
    förlust.backward()
    optimerare.step()
    return förlust.item()


@correct("3.3")
def step_one_forward_pass(model, optimizer, criterion, replay_buffer, batch_size, gamma):
    s, a, r, s2, end, _ = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    q, q_next = model(torch.cat([s, s2])).split(batch_size)
    y = (r + gamma * q_next.max(1).values.masked_fill(end, 0)).detach()
    loss = criterion((q * F.one_hot(a, q.shape[1])).sum(1), y)
    value = loss.item()
    assert math.isfinite(value)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return value


@correct("3.3")
def step_with_numpy_permutation(model, optimizer, criterion, buffer, batch_size, gamma):
    chosen = np.random.permutation(len(buffer))[:batch_size]
    batch = dqn_helpers.sample_experiences([buffer[int(i)] for i in chosen], batch_size)
    s, a, r, s2, end, _ = batch
    model.eval()
    with torch.inference_mode():
        y = r + gamma * model(s2).max(dim=1).values * (1 - end.int())
    model.train()
    loss = criterion(model(s)[range(batch_size), a], y.clone())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.data


@correct("3.3")
def step_through_forward(nät, optimerare, kriterium, buffert, antal, gamma):
    """Anropar `forward` i stället för nätverket, och steget med en closure."""
    s, a, r, s2, slut, _ = dqn_helpers.sample_experiences(buffert, antal)
    mål = r + gamma * nät.forward(s2).max(1)[0].detach() * ~slut

    def closure():
        optimerare.zero_grad(set_to_none=False)
        förlust = kriterium(nät.forward(s).gather(1, a.unsqueeze(-1)).squeeze(-1), mål)
        förlust.backward()
        return förlust

    return optimerare.step(closure).item()


@correct("3.3")
def step_with_functional_gradient(model, optimizer, criterion, replay_buffer, batch_size, gamma):
    s, a, r, s2, end, _ = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    y = r + gamma * functional_call(model, weights, (s2,)).max(1).values * ~end

    def loss_of(weights):
        return criterion(functional_call(model, weights, (s,)).gather(1, a[:, None])[:, 0], y)

    gradients, loss = grad_and_value(loss_of)(weights)
    for name, parameter in model.named_parameters():
        parameter.grad = gradients[name]
    optimizer.step()
    return loss.item()


@correct("3.3")
def step_row_by_row_in_vmap(model, optimizer, criterion, replay_buffer, batch_size, gamma):
    s, a, r, s2, end, _ = dqn_helpers.sample_experiences(replay_buffer, batch_size)
    with torch.no_grad():
        y = torch.where(end, r, r + gamma * torch.vmap(lambda x: model(x).max())(s2))
    q = torch.vmap(lambda x, i: model(x).gather(0, i[None])[0])(s, a)
    loss = torch.vmap(criterion)(q, y).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
