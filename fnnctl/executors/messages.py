"""Messages between processes: large arrays are sent as they are, without being copied into the pickle.

The pickler is that of `multiprocessing`, whose connections would use it, too. Both ends are this program.
"""

from __future__ import annotations

import io
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final

PROTOCOL: Final = 5
"""The first one that gives arrays' buffers out."""


def send_message(connection: Connection, message: Any) -> None:
    """Send any object that can be pickled; raises what pickling raises before anything is sent.

    Raises OSError if the other end is gone.
    """
    buffers: list[Any] = []
    pickled = io.BytesIO()
    ForkingPickler(pickled, PROTOCOL, True, buffers.append).dump(message)
    raw = [buffer.raw() for buffer in buffers]
    connection.send([view.nbytes for view in raw])
    connection.send_bytes(pickled.getbuffer())
    for view in raw:
        if view.nbytes:
            connection.send_bytes(view)


def receive_message(connection: Connection) -> Any:
    """The next message; raises EOFError or OSError if the other end is gone."""
    sizes: list[int] = connection.recv()
    pickled = connection.recv_bytes()
    buffers = [bytearray(size) for size in sizes]
    for buffer in buffers:
        if buffer:
            connection.recv_bytes_into(buffer)
    return ForkingPickler.loads(pickled, buffers=buffers)
