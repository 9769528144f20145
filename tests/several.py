"""A table with several targets: a number that some rows lack, counts, three classes and a label."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

TARGETS: Final = ("price", "days", "grade", "label")
CLASSES: Final = ("high", "low", "mid")
FAST: Final[dict[str, Any]] = {
    "recipe": "classic",
    "model": {"hidden": [6], "ensemble": {"members": 2}},
    "training": {"epochs": 4, "batch_size": 16},
}


def several_targets(rows: int = 120, seed: int = 0) -> dict[str, list[Any]]:
    """The columns; every seventh price is None, and so are all targets of the second row."""
    rng = np.random.default_rng(seed)
    a, b, c = np.round(rng.normal(size=(3, rows)), 3)
    k = rng.choice(["x", "y", "z"], rows)
    price: list[Any] = np.round(2.0 * a - b + (k == "x"), 3).tolist()
    days: list[Any] = rng.poisson(np.exp(0.5 * b + 1.0)).tolist()
    grade: list[Any] = np.array(["low", "mid", "high"])[np.digitize(a + c, [-0.5, 0.5])].tolist()
    label: list[Any] = (b + c > 0.0).astype(int).tolist()
    price[::7] = [None] * len(price[::7])
    for target in (price, days, grade, label):
        target[1] = None
    return {
        "a": a.tolist(), "b": b.tolist(), "c": c.tolist(), "k": k.tolist(),
        "price": price, "days": days, "grade": grade, "label": label,
    }  # fmt: skip


def write_csv(path: Path, columns: dict[str, list[Any]]) -> None:
    """Write the columns as a table, without the texts of missing values."""
    rows = zip(*columns.values(), strict=True)
    lines = [",".join("" if value is None else str(value) for value in row) for row in rows]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n")


def write_config(path: Path, source: Path, **settings: Any) -> None:
    """Write a config that trains the table in an instant; `settings` are sections beside `FAST`."""
    from fnnctl.store.documents import to_json

    data = {"source": str(source), "target": list(TARGETS), **settings.pop("data", {})}
    path.write_text(to_json({"name": "several", "data": data, **FAST, **settings}))
