"""Random tables that are as odd as those of users can be: their names, values, gaps and targets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from tests.messy import text_of

NAMES = (
    "a", "b", "c", "id", "customer_id", "zip", "date", "date year", "date weekday", "code", "type", "price",
    "x y", "größe", "日本", "y: [", "#", "no", "null", "1e3", "012", "~", "- x", "a\tb", "a\nb", "'", '"',
    "a, b", "Unnamed: 0", "😀", "x" * 70, "{{x}}", "%", "\u2028", "\u202e", "A",
)  # fmt: skip
REFUSED_NAMES = ("", "\x1b[31m", "a\x85", "\ufeff")
CONTROLS = (
    "\x07", "\x1b[1m", "\x7f", "\x85", "\x9b", "\u2028", "\ufeff", "\ufffe", "\x0b", "\x1c", "\n", "\t",
)  # fmt: skip
MARKERS = (
    "NA", "?", "-", "unknown", "none", "n/a", "#N/A", "k.A.", "inf", "NaN", "-999", "1_000", "3,5", "x",
    "x\x07", "\x1b", "\x7f", "~", "no", "50%", "$5", "1.2.2024", "٣", "yes", "---", "'", ": ", "\x85x",
    "012", "1e999",
)  # fmt: skip
WORDS = (
    "red", "Red", "RED ", "blue", "green", "1", "1.0", "C:\\", "a#b", ": ", "null", "~", "\u202ex", "x\x07",
)  # fmt: skip
LARGE = (
    "1e149", "1e150", "1.1e150", "-1e200", "1e300", "1.7e308", "-1.7e308", "1e-300", "4.9e-324", "0", "1",
)  # fmt: skip

Values = Callable[[np.random.Generator, int], list[str]]
"""Some values of a column."""


def _of(make: Callable[[np.random.Generator], object]) -> Values:
    return lambda rng, rows: [str(make(rng)) for _ in range(rows)]


def _chosen(*texts: str) -> Values:
    return lambda rng, rows: [texts[int(place)] for place in rng.integers(len(texts), size=rows)]


def _day(rng: np.random.Generator) -> datetime:
    return datetime(2020, 1, 1) + timedelta(minutes=int(rng.integers(2_000_000)))


CATEGORIES: tuple[Values, ...] = (
    _chosen("a", "b"),
    _chosen("yes", "no", "Yes", "N", "true"),
    _chosen(*WORDS),
    _chosen(*(f"w{control}" for control in CONTROLS)),
    _chosen(*CONTROLS),
    _of(lambda rng: "rare" if rng.random() < 0.04 else "common"),
    _of(lambda rng: f"class {rng.integers(30)}"),
    _of(lambda rng: rng.integers(3)),
    _of(lambda rng: f"{rng.integers(40) / 2}"),
    _of(lambda rng: f"{rng.integers(5):03}"),
    _of(lambda rng: chr(int(rng.integers(32, 0xD7FF)))),
)
NUMBERS: tuple[Values, ...] = (
    _of(lambda rng: repr(float(rng.normal()))),
    _of(lambda rng: rng.integers(-1000, 1000)),
    _of(lambda rng: f"{rng.integers(10**5):05}"),
    _of(lambda rng: repr(float(10.0 ** rng.uniform(-320, 308)))),
    _of(lambda rng: repr(float(rng.normal() * 1e155))),
    _of(lambda rng: repr(float(rng.random() * 1e-155))),
    _of(lambda rng: f"1.000000000000000{rng.integers(9)}"),
    _chosen(*LARGE),
    _of(lambda rng: f"{rng.integers(10**6)}{'0' * int(rng.integers(400))}"),
    _of(lambda rng: f"{rng.integers(1000) / 10}%"),
    _of(lambda rng: f"${rng.integers(10**9) / 100:,.2f}"),
    _of(lambda rng: f"{rng.integers(10**7) / 1000:.3f}".replace(".", ",")),
    _of(lambda rng: f"${rng.integers(10**9)}" + "0" * 160),
)
OTHERS: tuple[Values, ...] = (
    _chosen("same"),
    _chosen(""),
    _of(lambda rng: f"{_day(rng):%Y-%m-%d}"),
    _of(lambda rng: f"{_day(rng):%d/%m/%Y}"),
    _of(lambda rng: f"{_day(rng):%Y-%m-%d %H:%M}"),
    _of(lambda rng: f"{_day(rng):%H:%M}"),
    _of(lambda rng: f"{rng.integers(99)} kg"),
    _of(lambda rng: "".join(map(chr, rng.integers(32, 256, 12)))),
    lambda rng, rows: [str(number) for number in range(rows)],
)


def random_table(rng: np.random.Generator) -> tuple[str, str]:
    """A CSV file as text, and the name of its target."""
    rows, count = int(rng.choice((2, 3, 5, 12, 21, 40, 90))), int(rng.integers(2, 6))
    names = rng.permutation(NAMES)[:count].tolist()
    if rng.random() < 0.05:
        names[int(rng.integers(count))] = str(rng.choice(REFUSED_NAMES))
    of_target = CATEGORIES if rng.random() < 0.6 else NUMBERS
    pools = (CATEGORIES, NUMBERS, OTHERS)
    kinds = [of_target, *(pools[place] for place in rng.integers(len(pools), size=count - 1).tolist())]
    columns = [_column(rng, pool[int(rng.integers(len(pool)))], rows) for pool in kinds]
    delimiter = str(rng.choice([",", ",", ";", "\t"]))
    return text_of(names, zip(*columns, strict=True), delimiter=delimiter), names[0]


def _column(rng: np.random.Generator, make: Values, rows: int) -> list[str]:
    """A column, sometimes with gaps, with texts that do not fit, or with values of another kind."""
    values = make(rng, rows)
    for row in np.flatnonzero(rng.random(rows) < rng.choice((0.0, 0.0, 0.2, 0.98))).tolist():
        values[row] = ""
    if rng.random() < 0.3:
        for marker in rng.choice(MARKERS, int(rng.integers(1, 4))).tolist():
            for row in rng.integers(rows, size=int(rng.integers(1, 4))).tolist():
                values[row] = marker
    if rng.random() < 0.1:
        other = NUMBERS[int(rng.integers(len(NUMBERS)))](rng, rows)
        values[: rows // 5] = other[: rows // 5]
    return values
