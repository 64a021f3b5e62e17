"""Leksakerna räknar rätt: talen i webbläsaren är desamma som i Gymnasium och i kursens kod."""

import math
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.envs.classic_control import CartPoleEnv

from dqn_helpers import DQN, q_learning_update, toys
from dqn_helpers.toys.casino import expected_maximum
from dqn_helpers.toys.toy import Toy

TOY = "document.querySelector('figure.dqn-leksak').toy"


def show(page: Any, toy: Toy) -> None:
    """Lägg leksaken på en tom sida."""
    page.set_content(f'<!doctype html><html lang="sv"><title>prov</title>{toy._repr_html_()}')


def output(page: Any, name: str) -> str:
    return page.locator(f'[data-visa="{name}"]').inner_text()


# --- CartPole ------------------------------------------------------------------------------------


def test_the_cart_moves_as_in_gymnasium(page: Any):
    env = CartPoleEnv()
    env.reset(seed=4)
    rng = np.random.default_rng(4)
    start, actions, expected = list(env.state), rng.integers(2, size=200).tolist(), []
    for action in actions:
        env.steps_beyond_terminated = None  # räkningen går vidare också när stången har fallit
        env.step(action)
        expected.append(list(env.state))
    show(page, toys.play_cartpole())
    states = page.evaluate(
        f"([state, actions]) => actions.map((a) => (state = {TOY}.step(state, a)))",
        [[float(value) for value in start], actions],
    )
    np.testing.assert_allclose(states, expected, rtol=1e-9, atol=1e-9)


def test_it_falls_when_gymnasium_says_so(page: Any):
    env = CartPoleEnv()
    show(page, toys.play_cartpole())
    for x, angle in ((2.39, 0.0), (2.41, 0.0), (-2.41, 0.0), (0.0, 0.209), (0.0, 0.21)):
        env.reset(seed=0)
        env.state = np.array([x, 0.0, angle, 0.0])
        over = abs(x) > env.x_threshold or abs(angle) > env.theta_threshold_radians
        assert page.evaluate(f"(state) => {TOY}.fallen(state)", [x, 0, angle, 0]) == over


def test_the_network_on_the_page_is_the_agent(page: Any):
    torch.manual_seed(0)
    model, scale = DQN(), (1.0, 2.0, 10.0, 0.5)
    obs = torch.randn(50, 4)
    expected = model(obs * torch.tensor(scale)).detach().numpy()
    show(page, toys.play_cartpole(model, scale))
    shown = page.evaluate(f"(rows) => rows.map({TOY}.qValues)", obs.tolist())
    np.testing.assert_allclose(shown, expected, atol=2e-3)  # vikterna har fyra siffror


def test_the_cart_is_driven_by_the_arrow_keys_and_the_buttons(page: Any):
    show(page, toys.play_cartpole())
    page.get_by_role("slider").fill("5")
    page.get_by_role("button", name="nybörjaren").focus()
    page.keyboard.down("ArrowRight")  # startar spelet och håller kvar
    page.wait_for_function("document.querySelector('[data-bana=du]').innerHTML.includes('M62 38')")
    page.keyboard.up("ArrowRight")
    page.get_by_role("button", name="vänster").dispatch_event("pointerdown")
    # Hålls den ena nere kommer ingen knuff åt andra hållet, och vagnen faller till slut.
    page.wait_for_function(
        "document.querySelector('[data-visa=svar]').textContent.includes('höll')"
    )
    assert "Agenten" in output(page, "svar") or "agenten" in output(page, "svar")
    assert "rekord 0" not in output(page, "du")


def test_the_score_says_who_won(page: Any):
    show(page, toys.play_cartpole())
    page.get_by_role("button", name="mästaren").click()
    page.get_by_role("slider").fill("50")
    page.get_by_role("button", name="Starta").click()
    page.wait_for_function(
        "document.querySelector('[data-visa=svar]').textContent.includes('vann')"
    )
    assert output(page, "agent") == "rekord 500"


# --- sjön ----------------------------------------------------------------------------------------


def test_an_update_is_the_courses_own(page: Any):
    rng = np.random.default_rng(0)
    table = np.zeros((16, 4))
    steps, errors = [], []
    for _ in range(300):
        step = (
            int(rng.integers(16)), int(rng.integers(4)), float(rng.integers(2)),
            int(rng.integers(16)), bool(rng.random() < 0.2),
        )  # fmt: skip
        alpha, gamma = rng.random(), rng.random()
        steps.append([*step, alpha, gamma])
        errors.append(q_learning_update(table, *step, alpha, gamma))
    show(page, toys.td_lake())
    seen = page.evaluate(f"(steps) => steps.map((s) => {TOY}.update(...s).error)", steps)
    np.testing.assert_allclose(seen, errors, atol=1e-12)
    np.testing.assert_allclose(page.evaluate(f"{TOY}.table()"), table, atol=1e-12)


def test_a_click_changes_one_number_and_shows_the_formula(page: Any):
    show(page, toys.td_lake())
    page.evaluate(f"{TOY}.table()[14] = [0.5, 0.25, 0.1, 0.5]; {TOY}.show()")
    page.evaluate("Math.random = () => 0.5")  # det mittersta utfallet: det dit man ville
    before = page.evaluate(f"{TOY}.table().map((row) => [...row])")
    page.locator('[data-q="14 2"] path').click()
    after = page.evaluate(f"{TOY}.table()")
    changed = np.argwhere(np.array(before) != np.array(after)).tolist()
    assert changed == [[14, 2]]
    assert after[14][2] == pytest.approx(0.1 + 0.5 * (1 - 0.1))
    words = page.locator("[data-formel]").inner_text()
    assert "hamnade i ruta 15, framme!" in words
    assert "Q(14, höger) ← 0,1 + 0,5 · [1 − 0,1] = 0,55" in words


def test_the_lake_is_gymnasiums(page: Any):
    env: Any = gym.make("FrozenLake-v1").unwrapped
    model = toys.td_lake().data["model"]
    assert [[env.P[s][a] for a in range(4)] for s in range(16)] == model


def test_it_learns_the_way_with_the_buttons(page: Any):
    show(page, toys.td_lake())
    page.get_by_role("slider", name="α").fill("0.1")
    page.get_by_role("slider", name="ε").fill("1")
    assert output(page, "epsilon") == "1"
    for _ in range(40):
        page.get_by_role("button", name="Ta 500 steg").click()
    assert "steg: 20000" in output(page, "laget")
    values = np.array(page.evaluate(f"{TOY}.table()")).max(axis=1)
    assert values[14] > values[13] > values[8] > 0
    page.get_by_role("button", name="Börja om").click()
    assert np.all(np.array(page.evaluate(f"{TOY}.table()")) == 0)
    page.get_by_role("button", name="upp").click()
    assert "steg: 1," in output(page, "laget")


# --- kasinot -------------------------------------------------------------------------------------


def test_the_theory_is_the_largest_of_twenty():
    assert expected_maximum(1) == pytest.approx(0, abs=1e-3)
    assert expected_maximum(2) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-3)
    assert expected_maximum(20) == pytest.approx(1.8675, abs=1e-3)


def test_the_one_that_looks_best_promises_too_much_and_two_estimates_do_not(page: Any):
    show(page, toys.casino())
    n, rounds = 4, 4000
    played = page.evaluate(
        f"([n, rounds]) => Array.from({{length: rounds}}, () => {TOY}.play(n))"
        ".map((e) => [e.one, e.two])",
        [n, rounds],
    )
    one, two = np.array(played).T
    # Sex standardfel: ett falskt larm på en halv miljard körningar.
    expected = expected_maximum(20) / math.sqrt(n)
    assert abs(one.mean() - expected) < 6 * one.std() / math.sqrt(rounds)
    assert abs(two.mean()) < 6 * two.std() / math.sqrt(rounds)


def test_the_promises_pile_up_in_the_curve(page: Any):
    show(page, toys.casino())
    page.get_by_role("button", name="Spela en kväll").click()
    assert "Efter en kväll" in output(page, "svar")
    page.get_by_role("button", name="Spela 100 kvällar").click()
    assert "Efter 101 kvällar" in output(page, "svar")
    assert "i teorin 0,59" in output(page, "svar")
    assert page.locator("[data-kurva] path").count() == 2  # noll, och en skattning
    button = page.get_by_role("button", name="Två skattningar")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("[data-kurva] path").count() == 3
    assert "med två skattningar" in output(page, "svar")
    page.get_by_role("slider").fill("50")  # ett annat antal drag: räkningen börjar om
    assert "Spela en kväll" in output(page, "svar")


# --- alla ----------------------------------------------------------------------------------------

TOYS = {"cartpole": toys.play_cartpole, "lake": toys.td_lake, "casino": toys.casino}


@pytest.mark.parametrize("name", TOYS)
def test_arrow_keys_in_a_toy_never_reach_the_page(page: Any, name: str):
    """Annars byter JupyterLab cell när man spelar."""
    show(page, TOYS[name]())
    page.evaluate("document.addEventListener('keydown', () => { window.leaked = true; })")
    for slider in page.get_by_role("slider").all():
        slider.press("ArrowRight")
    for button in page.get_by_role("button").all():
        button.press("ArrowRight")
    assert page.evaluate("window.leaked") is None


@pytest.mark.parametrize("name", TOYS)
def test_a_toy_fits_a_phone_and_follows_the_dark_theme(page: Any, name: str):
    page.set_viewport_size({"width": 390, "height": 800})
    show(page, TOYS[name]())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    light = page.evaluate("getComputedStyle(document.querySelector('figure')).color")
    page.evaluate("document.body.setAttribute('data-jp-theme-light', 'false')")
    assert page.evaluate("getComputedStyle(document.querySelector('figure')).color") != light
