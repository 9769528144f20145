"""Values that are wrong, awkward or extreme, and changes of plain values and texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

TEXTS: Final = (
    "", " ", "auto", "none", "null", "~", "no", "True", "012", "1e-3", "0x1f", "1:30", "1_000", ".inf",
    ".nan", "-.inf", "<<", "- a", "a: b", "# c", " before", "after ", "*a", "&a", "!a", "%a", "@a", "'",
    '"', "\\", "a\nb", "a\tb", "\x00", "\x1b[31m", "\x85", "\u2028", "\ufeff", "\u202e", "\ud800", "ü",
    "日本", "😀", "2024-11-24", "=", "---", "...", "?", ":", ",", "[", "}", "../..", "/", ".", "~root", "a/b",
    "-", "x" * 300, "${HOME}", "${NAME}", "${NUMBER}", "${MISSING}", "${MISSING:-3}", "${MISSING:-}",
    "$${HOME}", "${", "${a b}", "{}", "{x}", "{0}", "%s", "٣", "1e999",
)  # fmt: skip
NUMBERS: Final = (
    0, 1, -1, 2, 3, 10, 1000, 10**6, 10**9, 2**31, 2**53, 2**63, 2**64 - 1, 2**64, -(2**63), 10**18, 10**30,
    10**400, 0.0, -0.0, 0.1, 0.5, 0.999999, 1.0, 1.0000001, 1e-9, 1e-300, 5e-324, 1e15, 1e150, 1e300,
    1.7976931348623157e308, float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
PARTS: Final = (
    "&a ", "*a", "!!python/object:os.system ", "!t ", "<<: *a\n", "---\n", "...\n", "\t", "    ", "\n",
    "\r", ": ", ":", ", ", "- ", "[", "]", "{", "}", "'", '"', "#", "|\n", ">-\n", "? ", "\\",
    "%YAML 1.1\n", "\x00", "\x07", "\ufeff", "\u2028", "${HOME}", "${", "${NAME:-", "é", "😀", "null",
    ".nan", "1e", "-", "0", "9" * 30, "[" * 60, "{a: " * 60, "a: b\n", "extends: base.yaml\n",
    "complete: true\n", "recipe: classic\n",
)  # fmt: skip


def wild(rng: Random, depth: int = 0) -> Any:
    """A value of any kind."""
    match rng.randrange(10 if depth < 3 else 7):
        case 0 | 1 | 2:
            return rng.choice(TEXTS)
        case 3 | 4:
            return rng.choice(NUMBERS)
        case 5:
            return rng.choice((None, True, False))
        case 6:
            return rng.choice(NUMBERS) * rng.choice((1, 1, -1))
        case 7 | 8:
            return [wild(rng, depth + 1) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        case _:
            return {rng.choice(TEXTS): wild(rng, depth + 1) for _ in range(rng.choice((0, 1, 2)))}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value in a value, but of itself."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(value: Any, rng: Random) -> None:
    """Change a mapping or a list in place: a value somewhere is another, or missing, moved or renamed."""
    all_places = list(places(value))
    if not all_places:
        return
    path = rng.choice(all_places)
    *outer, key = path
    holder = value
    for part in outer:
        holder = holder[part]
    match rng.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice((*TEXTS, *map(str, rng.choice(all_places))))] = holder.pop(key)
        case 2:
            holder[key] = [holder[key]] * rng.choice((1, 2, 3))
        case 3:
            source: Any = value
            for part in rng.choice(all_places):
                source = source[part]
            holder[key] = json.loads(json.dumps(source))  # its own, or it would hold itself
        case 4 if isinstance(holder[key], bool):
            holder[key] = not holder[key]
        case 4 | 5 if isinstance(holder[key], int | float):
            holder[key] = _near(holder[key], rng)
        case 5 if isinstance(holder[key], str):
            holder[key] = spliced(holder[key], rng)
        case _:
            holder[key] = wild(rng)


def _near(number: float, rng: Random) -> Any:
    """Another number, near or of another kind."""
    ways = (-number, number + 1, number - 1, 0, str(number), [number], *NUMBERS)
    return rng.choice(ways)


def spliced(text: str, rng: Random, parts: Sequence[str] = PARTS) -> str:
    """The text with a part left out, doubled, moved, or with something put in."""
    start = rng.randrange(len(text) + 1)
    end = min(len(text), start + rng.choice((1, 1, 1, 2, 3, 8, 40)))
    match rng.randrange(5):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return text[:end] + text[start:]
        case 2:
            place = rng.randrange(len(text) + 1)
            return text[:place] + text[start:end] + text[place:]
        case 3:
            return text[:start] + rng.choice(parts) + text[end:]
        case _:
            return text[:start] + rng.choice(parts) + text[start:]


def spliced_lines(text: str, rng: Random) -> str:
    """The text with lines left out, doubled, swapped or indented."""
    lines = text.split("\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case _:
            lines[one] = " " * rng.randrange(5) + lines[one]
    return "\n".join(lines)


def changed_bytes(content: bytes, rng: Random) -> bytes:
    """The bytes with some of them replaced, left out, repeated, or cut off."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((1, 1, 2, 4, 8, 64)))
        match rng.randrange(7):
            case 0 | 1 if start < len(data):
                data[start] ^= 1 << rng.randrange(8)
            case 2:
                data[start:end] = bytes(end - start)
            case 3:
                data[start:end] = b"\xff" * (end - start)
            case 4:
                del data[start:end]
            case 5:
                data[start:start] = data[start:end]
            case _:
                del data[start:]
    return bytes(data)
