"""Messages between processes: large arrays are sent as they are, without being copied into the pickle."""

from __future__ import annotations

import pickle
from multiprocessing.connection import Connection
from typing import Any


def send_message(connection: Connection, message: Any) -> None:
    """Send any object that can be pickled; raises what pickling raises before anything is sent.

    Raises OSError if the other end is gone.
    """
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    raw = [buffer.raw() for buffer in buffers]
    connection.send_bytes(pickle.dumps([view.nbytes for view in raw]))
    connection.send_bytes(pickled)
    for view in raw:
        if view.nbytes:
            connection.send_bytes(view)


def receive_message(connection: Connection) -> Any:
    """The next message; raises EOFError or OSError if the other end is gone."""
    sizes: list[int] = pickle.loads(connection.recv_bytes())
    pickled = connection.recv_bytes()
    buffers = [bytearray(size) for size in sizes]
    for buffer in buffers:
        if buffer:
            connection.recv_bytes_into(buffer)
    return pickle.loads(pickled, buffers=buffers)
