"""TensorBoard's event files: protocol-buffer messages, each framed by its length and checksums.

Only what a run needs is written: numbers by step, and texts. The messages are those of TensorFlow's
`event.proto`, `summary.proto` and `tensor.proto`; numbers below are their fields.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

VERSION: Final = b"brain.Event:2"
_POLYNOMIAL: Final = 0x82F63B78
"""That of CRC-32C, with its bits reversed."""
_STRINGS: Final = 7
"""The type of a tensor of texts."""


def event_file(
    scalars: Mapping[str, Iterable[tuple[int, float]]], texts: Mapping[str, str], time: float
) -> Iterator[bytes]:
    """The file's records: values by name and step, and texts in Markdown, all at one time (Unix seconds)."""
    yield _record(_double(1, time) + _bytes(3, VERSION))
    by_step: dict[int, list[bytes]] = {}
    for name, points in scalars.items():
        for step, value in points:
            by_step.setdefault(step, []).append(_bytes(1, name.encode()) + _float(2, value))
    for name, text in texts.items():
        by_step.setdefault(0, []).append(_text(name, text))
    for step, values in sorted(by_step.items()):
        summary = b"".join(_bytes(1, value) for value in values)
        yield _record(_double(1, time) + _integer(2, step) + _bytes(5, summary))


def _text(name: str, text: str) -> bytes:
    """A value that the plugin for texts shows."""
    plugin = _bytes(1, _bytes(1, b"text"))
    tensor = _integer(1, _STRINGS) + _bytes(8, text.encode())
    return _bytes(1, name.encode()) + _bytes(8, tensor) + _bytes(9, plugin)


def _record(message: bytes) -> bytes:
    length = struct.pack("<Q", len(message))
    return length + _checksum(length) + message + _checksum(message)


def _checksum(data: bytes) -> bytes:
    """The checksum, masked: a checksum of data that contain their own checksum would be of little use."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum (RFC 3720, appendix B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _table_entry(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (_POLYNOMIAL if index & 1 else 0)
    return index


_TABLE: Final = [_table_entry(index) for index in range(256)]


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """A whole number of 0 or more, seven bits to a byte, the lowest first."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*encoded, value))
