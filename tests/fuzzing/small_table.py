"""A small table with a column of each kind, which configs and models read."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

COLUMNS: Final = ("a", "b", "c", "day", "group", "weight", "y", "z", "x y")
CLASSES: Final = ("no", "yes", "perhaps")
NAME: Final = "t.csv"


def write_small_table(folder: Path, rows: int = 36, name: str = NAME) -> Path:
    """Numbers, one of them with gaps, categories, days, groups, weights, classes and a numeric target."""
    rng = random.Random(0)
    lines = [",".join(COLUMNS)]
    for row in range(rows):
        a, b = rng.gauss(0, 1), rng.gauss(100, 20)
        values = (
            f"{a:.3f}", f"{b:.1f}" if row % 7 else "", rng.choice("pqr"), f"2024-{row % 12 + 1:02}-03",
            row // 4, row % 3, CLASSES[row % 3], f"{3 * a + b / 50:.3f}", row % 2,
        )  # fmt: skip
        lines.append(",".join(map(str, values)))
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
