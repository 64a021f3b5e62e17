"""Träningssteget i bild: rätt tal i alternativtexterna, och fel svar som syns som fel."""

import numpy as np
import pytest
import torch

from dqn_helpers import figures

EXACT = np.array([[-1.0, 0.0], [-2.0, -1.0]])
Q_VALUES, ACTION = torch.tensor([[1.5, -0.5], [0.25, 2.5]]), torch.tensor([0, 1])


def test_targets_are_read_row_by_row():
    answers = {"din kod": torch.tensor([2.5, 1.0]), "glömmer raderna": torch.tensor(7.0)}
    alt = figures.target_parts(answers, torch.ones(2), torch.tensor([False, True])).alt
    assert "Din kod: 2,5; 1." in alt and "Glömmer raderna: 7; 7." in alt


def test_chosen_numbers_are_ringed_and_a_wrong_answer_is_crossed():
    answers = {"kursens kod": torch.tensor([1.5, 2.5]), "fel": torch.tensor([[1.5], [0.25]])}
    picture = figures.chosen_numbers(Q_VALUES, ACTION, answers)
    assert "Inringat är 1,5 i rad 0 och 2,5 i rad 1." in picture.alt
    assert "Kursens kod: 1,5; 2,5." in picture.alt and "Fel: 1,5; 0,25." in picture.alt
    assert (picture.drawing.count(" rätt"), picture.drawing.count(" fel")) == (3, 1)


def test_an_empty_answer_is_no_number():
    picture = figures.chosen_numbers(Q_VALUES, ACTION, {"tomt": torch.zeros(0)})
    assert picture.drawing.count("inget tal fel") == 2


def test_losses_and_values_are_told_in_words():
    assert "stannar vid 0,5" in figures.losses_and_gradients(0.5).alt
    alt = figures.values_on_states({"rätt": torch.tensor([0.5, 1.0])}, [0.5, 1], ("A", "B")).alt
    assert "tillstånden A och B. Rätt: 0,5; 1." in alt
    assert "Rätt går från 35 till 0,07" in figures.loss_curves({"rätt": [35.0, 1.0, 0.07]}).alt


# --- korridoren ----------------------------------------------------------------------------------


def corridor(moments: list[np.ndarray], name: str = "din kod") -> figures.Film:
    return figures.corridor_film({name: np.array(moments)}, EXACT, [f"{n}" for n in moments])


def test_the_corridor_ends_at_the_exact_values():
    film = corridor([np.zeros((2, 2)), EXACT])
    assert "Din kod: största felet går från 2,00 till 0,00" in film.alt
    assert "största felet är 2,00" in film.frame(0) and "största felet är 0,00" in film.frame(1)


def test_a_better_value_is_higher_up_and_the_lines_stand_still():
    film = corridor([EXACT, EXACT + 0.1])
    before, after = (float(frame["y0_0_1"]) for frame in film.frames)
    assert after < before  # i SVG räknas höjden uppifrån
    assert f"M132 {before:.1f}h34" in film.drawing or f" {before:.1f}h34" in film.drawing


@pytest.mark.parametrize("value", [50.0, -50.0, np.nan, np.inf])
def test_values_far_away_stay_inside_and_turn_red(value: float):
    film = corridor([EXACT, np.full((2, 2), value)])
    heights = [float(film.frames[1][f"y0_0_{action}"]) for action in (0, 1)]
    low, high = (float(film.frames[0]["y0_1_0"]), float(film.frames[0]["y0_0_1"]))
    assert all(high - 60 < y < low + 60 for y in heights)
    assert film.frames[1]["f0_0_0"] != film.frames[0]["f0_0_0"]


def test_the_arrow_shows_the_choice_and_whether_it_is_right():
    wrong_way = EXACT[:, ::-1]
    film = corridor([EXACT, wrong_way])
    assert film.frames[0]["pil0_0"] != film.frames[1]["pil0_0"]
    assert film.frames[0]["farg0_0"] != film.frames[1]["farg0_0"]


def test_two_who_train_share_the_film():
    values = np.array([EXACT, EXACT])
    film = figures.corridor_film({"kursens kod": values, "fel": values + 1}, EXACT, ["a", "b"])
    assert "kursens kod" in film.drawing and "Fel: största felet går från 1,00" in film.alt
