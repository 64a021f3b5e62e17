"""Rätta lösningar i olika stilar. Var och en ska få full poäng, överallt och alltid."""

import copy
import itertools
import random
from fractions import Fraction

import numpy as np
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

import dqn_helpers
from dqn_helpers.autograder.catalogue import correct


# --- 4.1 -----------------------------------------------------------------------------------------
@correct("4.1")
def epsilon_with_share(step, start, end, decay_steps):
    return start + min(step / decay_steps, 1) * (end - start)


@correct("4.1")
def epsilon_with_floor(steg: int, början: float, slut: float, antal: int) -> float:
    print("steg", steg)
    return max(slut, början - steg * (början - slut) / antal)


@correct("4.1")
def epsilon_with_if(step, start, end, decay_steps):
    if step >= decay_steps:
        return end
    per_step = (start - end) / decay_steps
    return start - per_step * step


@correct("4.1")
def epsilon_with_interp(step, start, end, decay_steps):
    return np.interp(step, [0, decay_steps], [start, end])


@correct("4.1")
def epsilon_as_mixture(step, start, end, decay_steps):
    left = np.clip(1 - step / decay_steps, 0, 1)
    return np.float32(left * start + (1 - left) * end)


@correct("4.1")
def epsilon_with_loop(step, start, end, decay_steps):
    epsilon = start
    for _ in range(min(step, decay_steps)):
        epsilon -= (start - end) / decay_steps
    return epsilon


@correct("4.1")
def epsilon_as_tensor(step, start, end, decay_steps):
    share = torch.tensor(step / decay_steps).clamp(max=1)
    return torch.lerp(torch.tensor(float(start)), torch.tensor(float(end)), share)


@correct("4.1")
def epsilon_in_fractions(step, start, end, decay_steps):
    return float(start + Fraction(min(step, decay_steps), decay_steps) * (end - start))


epsilon_lambda = correct("4.1")(lambda t, a, b, n: b if t > n else a + (b - a) * t / n)


# --- 4.2 -----------------------------------------------------------------------------------------
@correct("4.2")
def update_with_copy(model, target_model, tau=1.0):
    with torch.no_grad():
        pairs = zip(model.parameters(), target_model.parameters(), strict=True)
        for parameter, target in pairs:
            target.copy_(tau * parameter + (1 - tau) * target)
        for buffer, target in zip(model.buffers(), target_model.buffers(), strict=True):
            target.copy_(buffer)


@correct("4.2")
def update_with_data(nät, målnät, tau=1.0):
    for p, m in zip(nät.parameters(), målnät.parameters()):  # noqa: B905
        m.data = tau * p.data + (1 - tau) * m.data
    for b, m in zip(nät.buffers(), målnät.buffers()):  # noqa: B905
        m.data = b.data.clone()


@correct("4.2")
def update_with_state_dict(model, target_model, tau=1.0):
    mine, theirs = model.state_dict(), target_model.state_dict()
    learned = {name for name, _ in model.named_parameters()}
    for name in theirs:
        theirs[name] = (
            tau * mine[name] + (1 - tau) * theirs[name] if name in learned else mine[name]
        )
    target_model.load_state_dict(theirs)


@correct("4.2")
@torch.no_grad()
def update_with_lerp(model, target_model, tau=1.0):
    for target, parameter in zip(target_model.parameters(), model.parameters(), strict=True):
        target.lerp_(parameter, tau)
    theirs = dict(target_model.named_buffers())
    for name, buffer in model.named_buffers():
        theirs[name][...] = buffer


@correct("4.2")
def update_in_place(model, target_model, tau: float = 1.0) -> None:
    for target, parameter in zip(target_model.parameters(), model.parameters(), strict=True):
        target.data.mul_(1 - tau).add_(parameter.data, alpha=tau)
    for target, buffer in zip(target_model.buffers(), model.buffers(), strict=True):
        target.data.copy_(buffer.data)


@correct("4.2")
def update_with_two_cases(model, target_model, tau=1.0):
    old = [p.detach().clone() for p in target_model.parameters()]
    target_model.load_state_dict(model.state_dict())
    if tau < 1:
        for target, before in zip(target_model.parameters(), old, strict=True):
            target.data = tau * target.data + (1 - tau) * before
    return target_model


@correct("4.2")
def update_with_vectors(model, target_model, tau=1.0):
    mine = parameters_to_vector(model.parameters()).detach()
    theirs = parameters_to_vector(target_model.parameters()).detach()
    vector_to_parameters(theirs + tau * (mine - theirs), target_model.parameters())
    for target, buffer in zip(target_model.buffers(), model.buffers(), strict=True):
        target.copy_(buffer)


@correct("4.2")
def update_from_deep_copy(model, target_model, tau=1.0):
    """En kopia av allt, blandad, och sedan in i målnätverket."""
    mixed = copy.deepcopy(model)
    for mine, theirs in zip(mixed.parameters(), target_model.parameters(), strict=True):
        mine.data = tau * mine.data + (1 - tau) * theirs.data
    target_model.load_state_dict(mixed.state_dict())


@correct("4.2")
def update_through_numpy(model, target_model, tau=1.0):
    state = {}
    learned = dict(model.named_parameters())
    for name, tensor in model.state_dict().items():
        mine, theirs = tensor.numpy(), target_model.state_dict()[name].numpy()
        numbers = tau * mine + (1 - tau) * theirs if name in learned else mine
        state[name] = torch.tensor(numbers)
    target_model.load_state_dict(state)


# --- 4.3 -----------------------------------------------------------------------------------------
@correct("4.3")
def train_with_references(
    model,
    env,
    replay_buffer,
    optimizer,
    criterion,
    n_episodes,
    warmup,
    batch_size,
    discount_factor,
    *,
    target_model,
    train_every,
    target_update_every,
    epsilon_start,
    epsilon_end,
    epsilon_decay_steps,
    training_step,
):
    returns, n_steps, n_trained = [], 0, 0
    for episode in range(n_episodes):
        obs = env.reset()[0].copy()  # miljön får återanvända sin array
        episode_return, done = 0.0, False
        while not done:
            epsilon = dqn_helpers.linear_epsilon(
                n_steps, epsilon_start, epsilon_end, epsilon_decay_steps
            )
            action = dqn_helpers.choose_dqn_action(model, obs, epsilon)
            next_obs, reward, terminated, truncated, _ = env.step(action)
            next_obs = next_obs.copy()
            replay_buffer.append((obs, action, reward, next_obs, terminated, truncated))
            obs, done = next_obs, terminated or truncated
            episode_return += reward
            n_steps += 1
            enough = len(replay_buffer) >= batch_size
            if episode >= warmup and n_steps % train_every == 0 and enough:
                training_step(
                    *(model, optimizer, criterion, replay_buffer),
                    *(batch_size, discount_factor, target_model),
                )
                n_trained += 1
                if n_trained % target_update_every == 0:
                    dqn_helpers.update_target_network(model, target_model)
        returns.append(episode_return)
    return returns


@correct("4.3")
def train_in_one_loop(
    model, env, buffer, optimizer, criterion, n_episodes, warmup, batch_size, gamma, **options
):
    """En enda loop över miljösteg; räknar från uppvärmningens slut; slump ur random."""
    every, period = options["train_every"], options["target_update_every"]
    start, end = options["epsilon_start"], options["epsilon_end"]
    returns = [0.0]
    obs = list(env.reset(seed=7)[0])  # en lista är också en kopia; ett frö, en enda gång
    after_warmup = trained = 0
    for step in itertools.count():
        eps = max(end, start - (start - end) * step / options["epsilon_decay_steps"])
        if random.random() < eps:
            action = random.randrange(env.action_space.n)
        else:
            action = model(torch.tensor(obs, dtype=torch.float32)).argmax().item()
        obs2, r, terminated, truncated, _ = env.step(action)
        obs2 = list(obs2)
        buffer.append([obs, action, r, obs2, terminated, truncated])
        returns[-1] += r
        if len(returns) > warmup:
            after_warmup += 1
            if after_warmup % every == 0 and len(buffer) >= batch_size:
                target_model = options["target_model"]
                rest = batch_size, gamma, target_model
                options["training_step"](model, optimizer, criterion, buffer, *rest)
                trained += 1
                if trained % period == 0:
                    target_model.load_state_dict(model.state_dict())
        obs = obs2
        if terminated or truncated:
            if len(returns) == n_episodes:
                return returns
            returns.append(0.0)
            obs = list(env.reset()[0])
    return returns


@correct("4.3")
def train_with_own_copies(
    *args,
    target_model,
    train_every,
    target_update_every,
    epsilon_start,
    epsilon_end,
    epsilon_decay_steps,
    training_step,
):
    """Målnätverket blir en ny djup kopia; träningssteget anropas med namn."""
    nät, miljö, buffert, optimerare, kriterium, antal, uppvärmning, storlek, gamma = args
    rng = np.random.default_rng()
    avkastningar: list[float] = []
    steg = träningar = 0
    n_handlingar = int(miljö.action_space.n)
    while len(avkastningar) < antal:
        obs = np.array(miljö.reset(seed=None)[0])
        summa = []
        klar = False
        while not klar:
            andel = min(1, steg / epsilon_decay_steps)
            eps = (1 - andel) * epsilon_start + andel * epsilon_end
            with torch.no_grad():
                q = nät(torch.from_numpy(obs).unsqueeze(0)).numpy()[0]
            handling = int(rng.integers(n_handlingar)) if rng.random() < eps else int(q.argmax())
            ny, belöning, slut, avbruten, _ = miljö.step(handling)
            ny = np.array(ny)
            steg += 1
            buffert.append((obs, handling, belöning, ny, slut, avbruten))
            summa.append(belöning)
            klar = slut or avbruten
            obs = ny
            if klar:
                avkastningar.append(float(np.sum(summa)))
            if len(avkastningar) < uppvärmning or steg % train_every:
                continue
            if len(buffert) < storlek:
                continue
            training_step(
                model=nät,
                optimizer=optimerare,
                criterion=kriterium,
                replay_buffer=buffert,
                batch_size=storlek,
                discount_factor=gamma,
                target_model=target_model,
            )
            träningar += 1
            if träningar % target_update_every == 0:
                target_model = copy.deepcopy(nät)
    print("klart efter", steg, "steg")
    return avkastningar


def _episode(env, choose):
    """Spela en episod och ge varje steg."""
    obs = copy.copy(env.reset()[0])
    over = False
    while not over:
        action = choose(obs)
        next_obs, reward, terminated, truncated, _ = copy.deepcopy(env.step(action))
        yield obs, action, reward, next_obs, terminated, truncated
        obs, over = next_obs, terminated or truncated


@correct("4.3")
def train_with_generator(
    model,
    env,
    replay_buffer,
    optimizer,
    criterion,
    n_episodes,
    warmup,
    batch_size,
    discount_factor,
    *,
    target_model,
    train_every,
    target_update_every,
    epsilon_start,
    epsilon_end,
    epsilon_decay_steps,
    training_step,
):
    """Räknarna nollas i stället för att delas; slump ur numpy; tränar innan steget är sparat."""
    since_copy, step, returns = 0, 0, []

    def choose(obs):
        epsilon = dqn_helpers.linear_epsilon(step, epsilon_start, epsilon_end, epsilon_decay_steps)
        if np.random.rand() < epsilon:
            return env.action_space.sample()
        return model(torch.as_tensor(obs)[None]).argmax(dim=1).item()

    for episode in range(1, n_episodes + 1):
        rewards = []
        for experience in _episode(env, choose):
            step += 1
            rewards.append(experience[2])
            if episode > warmup and step % train_every == 0 and len(replay_buffer) >= batch_size:
                arguments = [model, optimizer, criterion, replay_buffer, batch_size]
                training_step(*arguments, discount_factor, target_model)
                since_copy += 1
            if since_copy == target_update_every:
                dqn_helpers.update_target_network(model, target_model, 1)
                since_copy = 0
            replay_buffer.append(experience)
        returns.append(sum(rewards))
    return returns


class _Trainer:
    def __init__(self, settings, target_model, training_step):
        self.settings, self.target_model, self.training_step = settings, target_model, training_step
        self.steps = self.trained = self.ready = 0

    def epsilon(self):
        s = self.settings
        share = np.clip(self.steps / s["epsilon_decay_steps"], 0, 1)
        return s["epsilon_start"] * (1 - share) + s["epsilon_end"] * share

    def after_step(self, warm, arguments):
        """Räknar bara de steg som hade kunnat ge en träning."""
        self.steps += 1
        if not warm or len(arguments[3]) < arguments[4]:
            return
        self.ready += 1
        if self.ready % self.settings["train_every"] == 0:
            self.training_step(*arguments, self.target_model)
            self.trained += 1
            if not self.trained % self.settings["target_update_every"]:
                for mine, theirs in zip(
                    arguments[0].parameters(), self.target_model.parameters(), strict=True
                ):
                    theirs.data.copy_(mine.data)


@correct("4.3")
def train_with_a_class(
    model,
    env,
    replay_buffer,
    optimizer,
    criterion,
    n_episodes,
    warmup,
    batch_size,
    discount_factor,
    *,
    target_model,
    training_step,
    **settings,
):
    trainer = _Trainer(settings, target_model, training_step)
    arguments = (model, optimizer, criterion, replay_buffer, batch_size, discount_factor)
    returns = np.zeros(n_episodes)
    for episode in range(n_episodes):
        obs = env.reset(seed=100 + episode)[0].copy()  # ett eget frö för varje episod
        while True:
            with torch.inference_mode():
                explore = torch.rand(1).item() < trainer.epsilon()
                q_values = model(torch.as_tensor(obs).unsqueeze(0))
            action = torch.randint(q_values.shape[1], (1,)) if explore else q_values.argmax()
            next_obs, reward, terminated, truncated, _ = env.step(action.item())
            next_obs = next_obs.copy()
            e = dqn_helpers.Experience(obs, int(action), reward, next_obs, terminated, truncated)
            replay_buffer.append(e)
            returns[episode] += reward
            trainer.after_step(episode >= warmup, arguments)
            obs = next_obs
            if terminated or truncated:
                break
    return returns.tolist()


@correct("4.3")
def train_copies_first(
    model,
    env,
    replay_buffer,
    optimizer,
    criterion,
    n_episodes,
    warmup,
    batch_size,
    discount_factor,
    *,
    target_model,
    train_every,
    target_update_every,
    epsilon_start,
    epsilon_end,
    epsilon_decay_steps,
    training_step,
):
    """Kopierar redan från början, och igen så fort räknaren står på en multipel (samma vikter)."""
    dqn_helpers.update_target_network(model, target_model)
    losses, n_steps, returns = [], 0, []
    for episode in range(n_episodes):
        (obs, _), done = env.reset(), False
        obs = obs.copy()
        returns.append(0)
        while not done:
            epsilon = dqn_helpers.linear_epsilon(
                n_steps, epsilon_start, epsilon_end, epsilon_decay_steps
            )
            action = dqn_helpers.choose_dqn_action(model, obs, epsilon)
            last_obs = obs
            obs, reward, terminated, truncated, _ = env.step(action)
            obs, done = obs.copy(), terminated | truncated
            n_steps, returns[-1] = n_steps + 1, returns[-1] + reward
            replay_buffer.append((last_obs, action, reward, obs, terminated, truncated))
            if len(losses) % target_update_every == 0:
                dqn_helpers.update_target_network(model, target_model)
            if episode < warmup or len(replay_buffer) < batch_size:
                continue
            if n_steps % train_every == 0:
                step = (model, optimizer, criterion, replay_buffer, batch_size, discount_factor)
                losses.append(training_step(*step, target_model))
                print(f"förlust {losses[-1]:.3f}", end="\r")
    return returns
