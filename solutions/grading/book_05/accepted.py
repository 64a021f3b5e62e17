"""Rätta lösningar i olika stilar. Var och en ska få full poäng, överallt och alltid."""

import copy
import itertools
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call, grad_and_value

import dqn_helpers
from dqn_helpers.autograder.catalogue import correct


# --- 5.1 -----------------------------------------------------------------------------------------
@correct("5.1")
def target_with_helpers(model, target_model, reward, next_state, terminated, discount_factor):
    with torch.no_grad():
        action = model(next_state).argmax(dim=1)
        value = dqn_helpers.chosen_q_values(target_model(next_state), action)
        return torch.where(terminated, reward, reward + discount_factor * value)


@correct("5.1")
@torch.no_grad()
def target_network_first(model, target_model, reward, next_state, terminated, discount_factor):
    values = target_model(next_state)
    best = model(next_state).max(1, keepdim=True).indices
    return reward + (1 - terminated.float()) * discount_factor * values.gather(1, best).squeeze(1)


@correct("5.1")
def target_row_by_row(online, mål, belöning, nästa, slut, gamma):
    resultat = []
    for i in range(len(belöning)):
        if slut[i]:
            resultat.append(belöning[i].item())
        else:
            vald = int(torch.argmax(online(nästa[i])))
            resultat.append(belöning[i].item() + gamma * mål(nästa[i])[vald].item())
    print("mål:", resultat)
    return torch.tensor(resultat)


@correct("5.1")
def target_with_two_indices(model, target_model, r, s2, done, gamma):
    best = torch.argmax(model(s2).detach(), -1)
    value = target_model(s2).detach()[torch.arange(s2.shape[0]), best]
    value[done] = 0.0
    return r + gamma * value


@correct("5.1")
def target_detached_last(model, target_model, r, s2, done, gamma):
    one_hot = F.one_hot(model(s2).argmax(1), model(s2).shape[1])
    value = (target_model(s2) * one_hot).sum(dim=1)
    return (r + gamma * value.masked_fill(done, 0)).detach()


@correct("5.1")
def target_only_where_running(
    model: torch.nn.Module,
    target_model: torch.nn.Module,
    reward: torch.Tensor,
    next_state: torch.Tensor,
    terminated: torch.Tensor,
    discount_factor: float,
) -> torch.Tensor:
    target = reward.clone()
    running = ~terminated
    if running.any():
        with torch.no_grad():
            states = next_state[running]
            best = model(states).argmax(dim=1, keepdim=True)
            target[running] += discount_factor * target_model(states).gather(1, best)[:, 0]
    return target


@correct("5.1")
def target_through_td_target(model, target_model, reward, next_state, terminated, gamma):
    """Målnätverkets värde som enda kolumn: dess max är värdet självt."""
    model.eval()
    with torch.inference_mode():
        best = model(next_state).argmax(1, keepdim=True)
        column = target_model(next_state).take_along_dim(best, dim=1)
        return_value = dqn_helpers.td_target(reward, column, terminated, gamma)
    return return_value.clone()


@correct("5.1")
def target_with_numpy(model, target_model, r, s2, done, gamma):
    q_online = model(s2).detach().numpy()
    q_target = target_model(s2).detach().numpy().astype(np.float64)
    value = q_target[range(len(r)), q_online.argmax(axis=1)]
    return torch.from_numpy(np.where(done, r, r + gamma * value))


@correct("5.1")
def target_with_frozen_copies(model, target_model, r, s2, done, gamma):
    online, frozen = (copy.deepcopy(n).requires_grad_(False) for n in (model, target_model))
    best = online(s2).sort(dim=1, descending=True).indices[:, :1]
    return (r[:, None] + gamma * frozen(s2).gather(1, best) * ~done[:, None]).flatten()


# --- 5.2 -----------------------------------------------------------------------------------------
@correct("5.2")
def step_with_own_target(
    model, optimizer, criterion, replay_buffer, batch_size, discount_factor, target_model
):
    state, action, reward, next_state, terminated, _ = dqn_helpers.sample_experiences(
        replay_buffer, batch_size
    )
    target = target_with_helpers(
        model, target_model, reward, next_state, terminated, discount_factor
    )
    loss = criterion(dqn_helpers.chosen_q_values(model(state), action), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@correct("5.2")
def step_with_own_sampling(net, opt, loss_function, memory, n, gamma, target_net=None):
    rows = [memory[random.randrange(len(memory))] for _ in range(n)]
    s, a, r, s2, end, _ = (np.array(column) for column in zip(*rows, strict=True))
    best = net(torch.tensor(s2)).detach().numpy().argmax(1)
    future = target_net(torch.tensor(s2)).detach().numpy()[np.arange(n), best]
    y = torch.tensor(r + gamma * future * ~end, dtype=torch.float32)
    q = net(torch.tensor(s))[torch.arange(n), torch.tensor(a)]
    loss = loss_function(y, q)  # målet först går lika bra
    net.zero_grad()
    loss.backward()
    opt.step()
    return float(loss)


@correct("5.2")
def step_row_by_row(model, optimizer, criterion, replay_buffer, batch_size, gamma, target_model):
    index = np.random.default_rng().choice(len(replay_buffer), batch_size, replace=False)
    optimizer.zero_grad(set_to_none=True)
    q, y = [], []
    for i in index:
        state, action, reward, next_state, terminated, _ = replay_buffer[int(i)]
        q.append(model(torch.as_tensor(state))[action])
        future = 0.0
        if not terminated:
            with torch.no_grad():
                nxt = torch.as_tensor(next_state)
                future = gamma * target_model(nxt)[model(nxt).argmax()].item()
        y.append(reward + future)
    loss = criterion(torch.stack(q), torch.tensor(y))
    loss.backward()
    optimizer.step()
    return np.float64(loss.detach())


@correct("5.2")
def step_in_columns(model, optimizer, criterion, buffer, batch_size, gamma, target_model):
    """Former (B, 1) hela vägen: tillåtet, de är ju lika."""
    s, a, r, s2, done, _ = dqn_helpers.sample_experiences(buffer, batch_size)
    best = model(s2).argmax(1, keepdim=True)
    target = r[:, None] + gamma * target_model(s2).gather(1, best) * (~done)[:, None]
    loss = criterion(model(s).gather(1, a[:, None]), target.detach())
    for parameter in model.parameters():
        parameter.grad = None
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


@correct("5.2")
def step_one_forward_pass(model, optimizer, criterion, buffer, batch_size, gamma, target_model):
    s, a, r, s2, end, _ = dqn_helpers.sample_experiences(buffer, batch_size)
    q, q_next = model(torch.cat([s, s2])).split(batch_size)
    with torch.no_grad():
        mask = F.one_hot(q_next.argmax(1), q_next.shape[1])
        y = r + gamma * (target_model(s2) * mask).sum(1).masked_fill(end, 0)
    loss = criterion((q * F.one_hot(a, q.shape[1])).sum(1), y)
    value = loss.item()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return value


@correct("5.2")
def step_with_permutation(nät, optimerare, kriterium, buffert, antal, gamma, målnät):
    print("tränar …")
    valda = torch.randperm(len(buffert))[:antal].tolist()
    tillstånd, handling, belöning, nästa, slut, _ = (
        torch.stack([torch.as_tensor(fält) for fält in kolumn])
        for kolumn in zip(*(buffert[i] for i in valda), strict=True)
    )
    with torch.no_grad():
        värde = målnät(nästa)[range(antal), nät(nästa).argmax(-1)]
        mål = torch.where(slut, belöning.float(), belöning.float() + gamma * värde)
    förlust = kriterium(nät(tillstånd).gather(1, handling.view(-1, 1)).view(-1), mål)
    optimerare.zero_grad()
    förlust.backward()
    optimerare.step()
    return förlust.item()


@correct("5.2")
def step_cleans_up_after_itself(
    model, optimizer, criterion, replay_buffer, batch_size, discount_factor, target_model
):
    """Målnätverket fryst under tiden, och i eval-läge."""
    frozen = copy.deepcopy(target_model).eval().requires_grad_(False)
    batch = dqn_helpers.sample_experiences(list(itertools.islice(replay_buffer, 1000)), batch_size)
    s, a, r, s2, done, _ = batch
    y = target_detached_last(model, frozen, r, s2, done, discount_factor)
    optimizer.zero_grad()
    loss = criterion(model(s)[range(batch_size), a], y)
    loss.backward()
    optimizer.step()
    return loss.data


@correct("5.2")
def step_layer_by_layer(model, optimizer, criterion, buffer, batch_size, gamma, target_model):
    def through(network, x):
        for layer in network.children():
            x = layer(x)
        return x

    s, a, r, s2, end, _ = dqn_helpers.sample_experiences(buffer, batch_size)
    rows = range(batch_size)
    with torch.no_grad():
        y = r + gamma * target_model.forward(s2)[rows, through(model, s2).argmax(1)] * ~end
    loss = criterion(through(model, s)[rows, a], y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@correct("5.2")
def step_with_functions(model, optimizer, criterion, buffer, batch_size, gamma, target_model):
    s, a, r, s2, end, _ = dqn_helpers.sample_experiences(buffer, batch_size)
    with torch.no_grad():
        value = torch.vmap(lambda x: target_model(x).gather(0, model(x).argmax()[None])[0])(s2)
        y = torch.where(end, r, r + gamma * value)
    weights = {name: weight.detach() for name, weight in model.named_parameters()}

    def loss_of(weights):
        return criterion(functional_call(model, weights, (s,)).gather(1, a[:, None])[:, 0], y)

    gradients, loss = grad_and_value(loss_of)(weights)
    for name, parameter in model.named_parameters():
        parameter.grad = gradients[name]
    optimizer.step()
    return loss.item()


# --- 5.3 -----------------------------------------------------------------------------------------
@correct("5.3")
def bias_in_a_loop(predicted_q_values, rewards, discount_factor):
    total, following = 0.0, 0.0
    for t in reversed(range(len(rewards))):
        following = rewards[t] + discount_factor * following
        total += predicted_q_values[t] - following
    return float(total) / len(rewards)


@correct("5.3")
def bias_in_torch(förutsagt, belöningar, gamma):
    q = torch.as_tensor(förutsagt, dtype=torch.float64)
    r = torch.as_tensor(belöningar, dtype=torch.float64)
    steg = torch.arange(len(r))
    avstånd = (steg[None, :] - steg[:, None]).clamp(min=0)
    vikter = torch.triu(torch.tensor(gamma, dtype=torch.float64) ** avstånd)
    return (q - vikter @ r).mean()


@correct("5.3")
def bias_with_two_sums(predicted: list[float], rewards: list[float], gamma: float) -> float:
    n = len(rewards)
    future = [sum(gamma ** (k - t) * rewards[k] for k in range(t, n)) for t in range(n)]
    return sum(float(q - g) for q, g in zip(predicted, future, strict=True)) / n


@correct("5.3")
def bias_with_accumulate(predicted, rewards, gamma):
    backwards = [float(r) for r in rewards][::-1]
    returns = list(itertools.accumulate(backwards, lambda g, r: r + gamma * g))[::-1]
    print(returns)
    return np.float32(np.mean([float(q) - g for q, g in zip(predicted, returns, strict=True)]))


@correct("5.3")
def bias_recursively(predicted, rewards, gamma):
    def return_from(t):
        return 0.0 if t == len(rewards) else float(rewards[t]) + gamma * return_from(t + 1)

    return sum(map(float, predicted)) / len(rewards) - np.mean(
        [return_from(t) for t in range(len(rewards))]
    )


@correct("5.3")
def bias_with_discounted_return(q, r, gamma):
    q, r = np.array(q, dtype=float), np.array(r, dtype=float)
    returns = [dqn_helpers.discounted_return(r[t:], gamma) for t in range(len(r))]
    return (q - returns).mean()
