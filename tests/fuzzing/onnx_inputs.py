"""Rows for exported graphs: unknown categories, gaps, numbers far from those of training, at the limits of
single precision and beyond. The graph predicts what the network predicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np

from fnnctl.context import Context
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import NumberFeature
from fnnctl.errors import UsageError
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from tests.fuzzing.small_runs import trained_runs
from tests.fuzzing.trying import BrokenPromiseError, Kind
from tests.fuzzing.values import TEXTS

_ROWS: Final = 8
_FAR: Final = (1e3, -1e3, 1e6, -1e6, 1e15, 3e38, -3e38, 1e45, -1e45, 1e150, 1e300, -1.7e308)
_LARGEST: Final = 1e30
_NEAR: Final = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-9, 1e-38, 1e-45, 5e-324, float("nan"))
_TEXTS: Final = [text.strip() or "x" for text in TEXTS if text != "\ud800"]
"""No graph takes a lone surrogate."""


@dataclass(frozen=True, slots=True)
class OnnxCase:
    """Rows of one run's graph."""

    run: str
    numbers: list[list[float]]
    texts: list[list[str | None]]
    """None is a missing value."""


def onnx_kind(folder: Path) -> Kind:
    """The graphs of runs that are trained in the folder."""
    from fnnctl.export.onnx.check import _largest_difference  # the library may not be installed
    from fnnctl.export.onnx.export import checked_onnx
    from fnnctl.export.onnx.runtime import OnnxRuntime

    def silent(_: str) -> None: ...

    runs = {name: RunFolder(path) for name, path in trained_runs(folder).items()}
    models = {name: load_model(run, silent) for name, run in runs.items()}
    graphs = {
        name: OnnxRuntime(checked_onnx(run, Context(folder / "runs")).onnx.content)
        for name, run in runs.items()
    }

    def make(rng: Random) -> OnnxCase:
        name = rng.choice(list(runs))
        preprocessor = models[name].predictor.preprocessor
        is_far = rng.random() < 0.3
        return OnnxCase(
            name,
            [[_number(number, rng, is_far=is_far) for number in preprocessor.numbers] for _ in range(_ROWS)],
            [[_text(column.known, rng) for column in preprocessor.categories] for _ in range(_ROWS)],
        )

    def attempt(case: OnnxCase) -> str:
        model = models[case.run]
        columns = _columns(case, model.predictor.preprocessor)
        try:
            _largest_difference(model, graphs[case.run], columns, np.arange(_ROWS))
        except UsageError as error:
            if np.nanmax(np.abs(case.numbers)) > _LARGEST:  # sums overflow in one order, and not in another
                return "other numbers, near the end of single precision"
            what = "label" if "where the network" in error.message else "number"
            raise BrokenPromiseError(f"the graph predicts another {what}") from error
        return "equal"

    return Kind("onnx", make, attempt)


def _number(number: NumberFeature, rng: Random, *, is_far: bool) -> float:
    low, high = number.range or (number.centre - number.spread, number.centre + number.spread)
    if is_far and rng.random() < 0.3:
        return rng.choice(_FAR)
    if rng.random() < 0.3:
        return rng.choice(_NEAR)
    return rng.choice((low, high, float(np.nextafter(low, -np.inf)), rng.uniform(low, high)))


def _text(known: tuple[str, ...], rng: Random) -> str | None:
    return rng.choice((None, *known, *known, rng.choice(_TEXTS)))


def _columns(case: OnnxCase, preprocessor: Any) -> Columns:
    categories, codes = [], []
    for texts in zip(*case.texts, strict=True):
        names = tuple(dict.fromkeys(text for text in texts if text is not None))
        categories.append(names)
        codes.append([-1 if text is None else names.index(text) for text in texts])
    return Columns(
        numeric=np.array(case.numbers, np.float64).reshape(_ROWS, -1),
        numeric_names=tuple(number.name for number in preprocessor.numbers),
        categorical=np.array(codes, np.int32).reshape(-1, _ROWS).T,
        categorical_names=tuple(column.name for column in preprocessor.categories),
        categories=tuple(categories),
    )
