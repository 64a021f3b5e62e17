"""Studien i 03 om Huber: de färdiga talen håller det som sidan säger, och går att räkna om."""

import numpy as np

from dqn_helpers.studies import huber


def test_the_page_says_what_the_numbers_say():
    mse, often, seldom = (np.array(values) for values in huber.numbers().values())
    assert len(mse) == len(often) == len(seldom) == huber.N_SEEDS
    assert mse.min() > 2 and often.min() > 2  # båda förlusterna hamnar över det möjliga
    assert mse.max() < 13.5 and sorted(often)[-2] < 13.5 and often.max() > 1e7  # en skenar
    assert seldom.max() < 1  # samma Huber, men målet står stilla längre


def test_a_short_training_can_be_measured():
    value = huber.largest_q_value("Huber", 100, seed=0, n_steps=260)
    assert 0 < value < 10
    assert value == huber.largest_q_value("Huber", 100, seed=0, n_steps=260)
