from __future__ import annotations

import threading
from multiprocessing import Pipe
from typing import Any

import numpy as np
import pytest

from fnnctl.executors.messages import receive_message, send_message


def passed_on(message: Any) -> Any:
    """What arrives at the other end; a thread sends, because a pipe holds only some kilobytes."""
    here, there = Pipe()
    sender = threading.Thread(target=send_message, args=(there, message))
    sender.start()
    received = receive_message(here)
    sender.join()
    here.close()
    there.close()
    return received


def test_arrays_arrive_as_they_are_and_can_be_written_to() -> None:
    arrays: dict[str, np.ndarray] = {
        "large": np.arange(100_000, dtype=np.float32).reshape(100, 1000),
        "empty": np.zeros((0, 3)),
        "scalar": np.array(2.5),
        "strided": np.arange(20.0)[::2],
        "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    }
    received = passed_on(("done", arrays, None))
    assert received[0] == "done"
    for name, array in arrays.items():
        assert received[1][name].dtype == array.dtype
        np.testing.assert_array_equal(received[1][name], array)
    received[1]["large"][0, 0] = 7.0


def test_several_messages_keep_their_order() -> None:
    here, there = Pipe()
    for message in (None, [np.ones(3)], "text"):
        send_message(there, message)
    assert receive_message(here) is None
    np.testing.assert_array_equal(receive_message(here)[0], np.ones(3))
    assert receive_message(here) == "text"


def test_what_cannot_be_pickled_sends_nothing() -> None:
    here, there = Pipe()
    with pytest.raises(Exception, match="pickle"):
        send_message(there, lambda: None)
    assert not here.poll()


def test_a_closed_end_is_an_error() -> None:
    here, there = Pipe()
    there.close()
    with pytest.raises(EOFError):
        receive_message(here)
    with pytest.raises(OSError, match="Broken pipe"):
        send_message(here, np.ones(10))
