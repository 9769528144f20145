"""Random experiments on tiny tables: every layer, ensemble, task and encoding that a model can have."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from fnnctl.config.schema.activations import ACTIVATION_RECORDS
from fnnctl.config.schema.losses import LOSS_RECORDS, names_of_task
from fnnctl.metrics.metric import CLASSIFICATION, REGRESSION

NEEDS_ONNX = pytest.mark.skipif(find_spec("onnx") is None, reason="needs onnx")
"""Not a skip of the whole module, which counts with --no-skips even if none of its tests is selected."""

Config = dict[str, Any]
ROWS = 64
MISSING = ("", "NA", "?")
COLUMNS = ("size", "count", "days", "constant", "colour", "code", "flag")
NUMBERS = COLUMNS[:4]

ACTIVATIONS = [
    *(name for name, record in ACTIVATION_RECORDS.items() if record.exported),
    {"name": "leaky_relu", "slope": 0.3},
    {"name": "prelu", "slope": 0.4},
    {"name": "prelu", "slope": -0.2, "shared": True},
    {"name": "elu", "alpha": 1.7},
    {"name": "swish", "beta": 1.3},
    {"name": "maxout", "pieces": 3},
]
TARGETS = ("two", "three", "number")
LABELS = ("large", "red")
ORDERS = {"two": ["b", "a"], "three": ["low", "middle", "high"]}
NORMALIZATIONS = ["none", {"name": "batch", "epsilon": 0.001}, "layer"]
EMBEDDINGS = ["none", {"name": "piecewise_linear", "bins": 1, "size": 2}]
EMBEDDINGS += [
    {"name": "piecewise_linear", "bins": bins, "size": 4, "edges": edges, "code": code}
    for bins, edges, code in product((5, 16), ("quantile", "target"), ("linear", "steps", "both"))
]


@st.composite
def _layers(draw: st.DrawFn) -> list[Config]:
    units = draw(st.sampled_from([3, 8]))
    layer = {
        "units": st.just(units),
        "activation": st.sampled_from(ACTIVATIONS),
        "normalization": st.sampled_from(NORMALIZATIONS),
        "dropout": st.sampled_from([0.0, 0.2]),
    }
    return draw(st.lists(st.fixed_dictionaries(layer), max_size=3))


@st.composite
def experiments(draw: st.DrawFn) -> Config:
    """An experiment with 2 or 3 classes or a number as its target, without its data's source."""
    target = draw(st.sampled_from(TARGETS))
    config = draw(_experiments_for([target], TARGETS))
    data, model, training = (config[section] for section in ("data", "model", "training"))
    data["target"] = target
    if target == "number":
        data["target_transform"] = draw(st.sampled_from(["none", "log", "quantile"]))
        model["output"] = draw(st.sampled_from(names_of_task(REGRESSION)))
        model["clip_outputs"] = draw(st.booleans())
    else:
        model["calibration"] = draw(st.sampled_from(["none", "temperature", "shrunk_temperature"]))
        training["class_weights"] = draw(st.sampled_from([None, "balanced"]))
        data["class_order"] = draw(st.sampled_from([None, ORDERS[target]]))
    if target == "three" and data["class_order"] is not None:
        model["output"] = draw(st.sampled_from(["auto", "softmax"]))
    if target == "two":
        is_ordered = data["class_order"] is not None
        outputs = names_of_task(CLASSIFICATION)
        names = [name for name in outputs if is_ordered or not LOSS_RECORDS[name].needs_order]
        model["output"] = draw(st.sampled_from([*names, {"name": "logistic", "positive_class": "a"}]))
        model["threshold"] = draw(st.sampled_from([0.5, 0.3, "f1"]))
    return config


@st.composite
def experiments_of_several(draw: st.DrawFn) -> Config:
    """An experiment with two targets or all three, or with two labels."""
    is_labels = draw(st.booleans())
    targets = draw(st.permutations(LABELS if is_labels else TARGETS))
    targets = targets[: draw(st.integers(2, len(targets)))]
    config = draw(_experiments_for(targets, (*TARGETS, *LABELS)))
    data, model, training = (config[section] for section in ("data", "model", "training"))
    data["target"] = {"labels": targets} if is_labels else targets
    numbers = [name for name in names_of_task(REGRESSION) if name not in ("gamma", "poisson")]  # see _row
    outputs = {"number": numbers, "three": ["softmax"]}
    binary = [name for name in names_of_task(CLASSIFICATION) if not LOSS_RECORDS[name].needs_order]
    model["outputs"] = {name: draw(st.sampled_from(outputs.get(name, binary))) for name in targets}
    training["target_weights"] = draw(st.sampled_from([None, {targets[-1]: 2.5}]))
    if "number" in targets:
        data["target_transform"] = draw(st.sampled_from(["none", "log", "quantile"]))
        model["clip_outputs"] = draw(st.booleans())
    model["calibration"] = draw(st.sampled_from(["none", "temperature", "shrunk_temperature"]))
    return config


@st.composite
def _experiments_for(draw: st.DrawFn, targets: Sequence[str], columns: Sequence[str]) -> Config:
    """What experiments have for any targets, which are some of these columns; the others are left out."""
    embedding = draw(st.sampled_from(EMBEDDINGS))
    scaling = draw(st.sampled_from(["standardize", "robust", "minmax", "none"]))
    ignored = [name for name in columns if name not in targets]
    if scaling == "none":
        ignored.append("days")  # single precision has too few digits for it
    data: Config = {
        "scaling": scaling,
        "imputation": draw(st.sampled_from(["median", "mean"])),
        "max_categories": draw(st.sampled_from([None, 3])),
        "category_encoding": draw(st.sampled_from(["one_hot", "target"])),
        "missing_values": list(MISSING),
        "columns": {"ignore": ignored},
    }
    hidden = draw(_layers())
    model: Config = {
        "hidden": hidden,
        "numeric_embedding": embedding,
        "scaling_layer": draw(st.booleans()),
        "ensemble": draw(_ensembles(twins=embedding != "none")),
    }
    if len(hidden) > 1:
        model["residual"] = draw(st.booleans())
    training: Config = {
        "epochs": draw(st.integers(1, 2)),
        "batch_size": 16,
        "optimizer": {"learning_rate": 0.02},
        "precision": draw(st.sampled_from(["float32", "float64"])),
    }
    seed = draw(st.integers(0, 2**16))
    return {"recipe": "classic", "seed": seed, "data": data, "model": model, "training": training}


@st.composite
def _ensembles(draw: st.DrawFn, *, twins: bool) -> Config:
    members = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["plain", "share_weights", "bags"])) if members > 1 else "plain"
    ensemble: Config = {"members": members, "share_weights": kind == "share_weights", "bags": kind == "bags"}
    return {**ensemble, "plain_twins": twins and kind == "bags" and draw(st.booleans())}


def write_rows(
    path: Path, seed: int, *, codes: int = 6, new: bool = False, several: bool = False
) -> list[dict[str, str]]:
    """Write a table, and return its rows; `new` ones have categories that the others have not.

    The column `code` has so many values. A table for several targets has labels, too, and lacks some targets.
    """
    rng = np.random.default_rng(seed)
    rows = [_row(rng, codes + 3 if new else codes, new=new) for _ in range(ROWS)]
    if several:
        rows = [_with_labels(rng, row) for row in rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows


def _row(rng: np.random.Generator, codes: int, *, new: bool) -> dict[str, str]:
    size, count = rng.normal(), int(rng.integers(0, 9))
    colour = str(rng.choice(["red", "green", "blue, dark", "größe", *(["new", "Red"] if new else [])]))
    cells = {
        "size": f"{size:.4f}",
        "count": str(count),
        "days": f"{1_700_000_000 + int(rng.integers(0, 5000))}.5",
        "constant": "3" if not new else str(rng.integers(0, 9)),
        "colour": colour,
        "code": "c" + str(rng.integers(0, codes)),
        "flag": str(rng.choice(["yes", "no", "Yes", "NO", "true"])),
    }
    for name in ("size", "days", "colour", "code", "flag"):
        if rng.random() < 0.15:
            cells[name] = str(rng.choice(MISSING))
    score = size + 0.3 * count + (colour == "red") + rng.normal() * 0.3
    return {
        **cells,
        "two": "a" if score > 1.2 else "b",
        "three": "low" if score < 0.8 else "high" if score > 1.8 else "middle",
        "number": f"{np.exp(score):.4f}" if rng.random() > 0.05 else "0",
    }


def _with_labels(rng: np.random.Generator, row: dict[str, str]) -> dict[str, str]:
    targets = {name: row[name] for name in TARGETS}
    targets |= {"large": str(int(row["three"] == "high")), "red": str(int(row["colour"] == "red"))}
    return {**row, **{name: "" if rng.random() < 0.1 else cell for name, cell in targets.items()}}


def graph_inputs(rows: Sequence[dict[str, str]], columns: Sequence[str] = COLUMNS) -> dict[str, Any]:
    """The rows' cells as inputs of a graph."""
    inputs: dict[str, Any] = {}
    for name in columns:
        texts = [row[name] for row in rows]
        if name in NUMBERS:
            cells: Any = np.array([np.nan if text in MISSING else float(text) for text in texts])
        else:
            cells = np.array(texts, np.object_)
        inputs[name] = cells[:, None]
    return inputs
