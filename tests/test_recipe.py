"""Receptets tal står på ett ställe, och det som sidorna och README säger om dem stämmer."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dqn_helpers import recipe
from dqn_helpers.figures import swedish_number

ROOT = Path(__file__).resolve().parents[1]
ONLY_IN_THE_RECIPE = {recipe.LEARNING_RATE, recipe.STOP_AT, recipe.SOLVED_AT}
"""Tal som inte betyder något annat: står de i koden är det receptet som är avskrivet."""

ANOTHER_NETWORK = "02_replay_buffer.ipynb, lar-av-batchar"
"""Där gissar ett nätverk avkastningar, utan receptet; inlärningshastigheten råkar vara lika."""

SLEEPING = "dqn_helpers/exercises/limits.py"
"""Där är talet den andel av tiden som den som sover räknar; det råkar också vara lika."""


def cells(book: str) -> dict[str, str]:
    """Kodcellerna i en bok: id → kod."""
    found = json.loads((ROOT / "solutions" / book).read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in found if cell["cell_type"] == "code"}


def sources() -> Iterator[tuple[str, str]]:
    """(namn, kod) för paketet, mätningarna och böckernas kodceller."""
    measurements = [ROOT / "tests" / name for name in ("cartpole_numbers.py", "many_agents.py")]
    measurements += (ROOT / "tests" / "benchmarks").glob("*.py")
    for path in [*(ROOT / "dqn_helpers").rglob("*.py"), *measurements]:
        if path != ROOT / "dqn_helpers" / "recipe.py":
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in (ROOT / "solutions").glob("*.ipynb"):
        yield from ((f"{path.name}, {name}", code) for name, code in cells(path.name).items())


def numbers_in(source: str) -> set[float]:
    """Alla tal som står utskrivna i koden."""
    nodes = ast.walk(ast.parse(source))
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {value for value in values if type(value) in (int, float)}


def test_numbers_are_found_in_code():
    assert numbers_in("f(lr=2e-3, stop_at=495)  # 7") == {0.002, 495}


def test_the_numbers_of_the_recipe_are_not_copied():
    copied = {name: numbers_in(code) & ONLY_IN_THE_RECIPE for name, code in sources()}
    guilty = {name: numbers for name, numbers in copied.items() if numbers}
    assert set(guilty) <= {ANOTHER_NETWORK, SLEEPING}, guilty


def test_the_reward_is_scaled_so_that_the_largest_q_value_is_one():
    assert pytest.approx(1) == recipe.REWARD_SCALE / (1 - recipe.DISCOUNT_FACTOR)
    assert recipe.TRAINING["discount_factor"] == recipe.DISCOUNT_FACTOR


# --- det som sägs om receptet --------------------------------------------------------------------

ORDINALS = {2: "vartannat", 5: "vart femte"}
GAMMA, RATE = swedish_number(recipe.DISCOUNT_FACTOR), swedish_number(recipe.LEARNING_RATE)
SAID = {
    "README.md": [f"medelvärde på minst {recipe.SOLVED_AT} av 500", "hundra giriga episoder"],
    "BILAGA.md": [
        f"medelvärde på minst {recipe.SOLVED_AT} av 500",
        "hundra giriga episoder",
        "`dqn_helpers/recipe.py`",
    ],
    "solutions/04_dqn_loopen.ipynb": [
        f"medelvärdet av hundra episoder är minst {recipe.SOLVED_AT}",
        f"γ = {GAMMA}, batchstorleken {recipe.TRAINING['batch_size']}",
        f"inlärningshastigheten {RATE}",
        f"vart {recipe.EVALUATE_EVERY}:e miljösteg",
        f"efter {ORDINALS[recipe.TRAINING['train_every']]} miljösteg",
        f"Efter {ORDINALS[recipe.TRAINING['target_update_every']]} träningssteg",
        f"Multiplicerar vi belöningen med {swedish_number(recipe.REWARD_SCALE)}",
        f"Vi siktar på {recipe.STOP_AT} och inte {recipe.SOLVED_AT}",
    ],
}


@pytest.mark.parametrize("page", SAID)
def test_what_is_said_about_the_recipe_is_what_it_has(page: str):
    assert recipe.N_EVALUATED == 100, "sidorna säger hundra"
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert [words for words in SAID[page] if words not in text] == []


def test_the_scaling_that_the_page_builds_is_the_recipes():
    built = cells("04_dqn_loopen.ipynb")["skalning"]
    numbers = ", ".join(f"{factor:g}" for factor in recipe.OBSERVATION_SCALE)
    assert f"observation_scale = np.array([{numbers}]" in built
