"""Meddelandena från arbetsprocessen: enkla data kommer fram, allt annat avvisas."""

import json
from typing import Any

import numpy as np
import pytest

from dqn_helpers.autograder.messages import (
    LENGTH_BYTES,
    MAX_BYTES,
    MessageError,
    decode,
    encode,
    length_of,
)
from dqn_helpers.exercises.plain import MAX_VALUE, kind_in_words, plain, swedish_value


def sent(message: Any) -> Any:
    return decode(encode(message)[LENGTH_BYTES:])


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8", "float16", "float32", "float64"])
def test_arrays_arrive_with_dtype_and_shape(dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    received = sent({"q": [array, array[:0]]})["q"]
    assert [a.dtype.name for a in received] == [dtype, dtype]
    np.testing.assert_array_equal(received[0], array)
    assert received[1].shape == (0, 3)


def test_an_array_with_its_bytes_in_the_other_order_arrives_with_the_same_numbers() -> None:
    received = sent({"q": np.array([1.5, -2.0], ">f4")})["q"]
    assert received.dtype.name == "float32"
    assert received.tolist() == [1.5, -2.0]


def test_plain_values_arrive_as_they_were() -> None:
    message = {"tal": 3, "bråk": 0.1, "inget": None, "sant": True, "text": "åäö\x00", "lista": [[]]}
    assert sent(message) == message
    assert np.isnan(sent({"x": float("nan")})["x"])
    assert sent({"x": np.float32(0.5)}) == {"x": 0.5}


def test_numbers_that_do_not_fit_become_infinite() -> None:
    assert decode(b'{"x": 1' + b"0" * 400 + b', "y": -9223372036854775809}') == {
        "x": float("inf"),
        "y": float("-inf"),
    }


def test_what_is_not_data_becomes_its_kind() -> None:
    assert sent({"x": object(), "y": np.array([None])}) == {
        "x": {"type": "object"},
        "y": {"type": "ndarray"},
    }


def as_array(*parts: Any) -> bytes:
    return json.dumps({"x": {"__array__": list(parts)}}).encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[1, 2]",
        b"{",
        b"\xff\xfe",
        b'{"a":' * 100_000,
        b"[" * 200_000,
        as_array("object", [1], "AAAA"),
        as_array("float32", [1]),
        as_array("float32", [2], "AAAA"),
        as_array("float32", [-1], ""),
        as_array("float32", [2**40, 2**40], ""),
        as_array("float32", [1] * 50, "AAAAAA=="),
        as_array("float32", [True], "AAAAAA=="),
        as_array("float32", ["1"], "AAAAAA=="),
        as_array(["float32"], [1], "AAAAAA=="),
        as_array("float32", [1], "inte base64!"),
    ],
)
def test_what_does_not_follow_the_form_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode(payload)


def test_length_is_capped_before_anything_is_read() -> None:
    assert length_of((7).to_bytes(LENGTH_BYTES, "big")) == 7
    with pytest.raises(MessageError, match="högst"):
        length_of((MAX_BYTES + 1).to_bytes(LENGTH_BYTES, "big"))


HUGE: dict[str, Any] = {
    "många led": np.zeros((6,) * 7 + (5,), bool),
    "lång": np.zeros(10**6),
    "lista": [[1.5] * 11] * 12,
    "listor i listor": [[[[[["x" * 200] * 12] * 12] * 12] * 12] * 3],
    "texter": ["x" * 10**5] * 12,
    "sort": {"type": "x" * 10**6},
}


@pytest.mark.parametrize("name", HUGE)
def test_a_value_in_words_is_bounded_as_a_whole(name: str) -> None:
    assert len(swedish_value(HUGE[name])) <= MAX_VALUE
    assert len(kind_in_words(HUGE[name])) <= MAX_VALUE


def test_what_is_larger_than_any_right_answer_becomes_words() -> None:
    assert plain(np.zeros((200, 100)))["kind"] == "en array med formen (200, 100)"
    assert plain([0.0] * 20_000) == {"kind": "en lista med 20000 delar"}
    assert kind_in_words(plain(np.zeros((200, 100)))) == "en array med formen (200, 100)"
    assert plain(np.zeros((100, 100))).shape == (100, 100)
