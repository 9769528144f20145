"""Random search spaces over an experiment with many branches."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

CONFIG = """\
data: {source: iris}
model:
  hidden: [8, {units: 4, activation: elu}]
  activation: {name: prelu, slope: 0.5}
training:
  epochs: 30
  batch_size: 32
  optimizer: {name: adam, beta1: 0.8, momentum: 0.7, memory: 5}
  lr_schedule: {name: step, every: 10}
"""
"""It has settings of several optimizers, of which adam reads one; some space below makes each effective."""
NEEDED: dict[str, Any] = {"training.optimizer.name": {"choice": ["adam", "momentum", "nesterov", "lbfgs"]}}
_not_lbfgs = {"training.optimizer.name": ["adam", "momentum", "nesterov"]}
OPTIONAL: dict[str, Any] = {
    "training.optimizer.learning_rate": {"log_uniform": [1e-4, 0.5], "when": _not_lbfgs},
    "training.optimizer.momentum": {
        "uniform": [0.123456789, 0.99], "when": {"training.optimizer.name": ["momentum", "nesterov"]}
    },
    "training.optimizer.memory": {"integer": [3, 30], "when": {"training.optimizer.name": "lbfgs"}},
    "training.l2": {"normal": [0.01, 0.002]},
    "training.l1": {"uniform": [0, 0.3], "step": 0.1, "when": _not_lbfgs},
    "training.batch_size": {"log_integer": [2, 64]},
    "training.class_weights": {"choice": [None, "balanced", {"a: b": 2, "1e-3": 0.5, "ü": 1}]},
    "training.lr_schedule": {"choice": ["constant", {"name": "cosine", "warmup_epochs": 3}, {}]},
    "training.averaging": {"choice": [None, "ema"], "when": _not_lbfgs},
    "training.early_stopping": {"choice": [None, {"patience": 7}]},
    "data.scaling": {"choice": ["robust", "minmax"]},
    "data.imputation": {"choice": ["mean"]},
    "data.max_categories": {"choice": [2, None]},
    "data.category_encoding": {"choice": ["target"]},
    "model.activation.name": {"choice": ["relu", "prelu", "elu"]},
    "model.activation.alpha": {"log_uniform": [0.01, 1], "when": {"model.activation.name": "elu"}},
    "model.normalization": {"choice": ["none", {"name": "layer", "epsilon": 1e-3}]},
    "model.initialization": {"choice": ["auto", "orthogonal"]},
    "model.initial_biases": {"choice": ["zero", "uniform"]},
    "training.parametrization": {"choice": ["standard", "neural_tangent"], "when": _not_lbfgs},
}  # fmt: skip
ARCHITECTURE: dict[str, Any] = {
    "activation": ["prelu", {"name": "elu", "alpha": 0.5}],
    "normalization": ["none", "layer"],
    "residual": [True, False],
}
HIDDEN: list[dict[str, Any]] = [
    {},
    {"model.hidden": {"depth": [0, 3], "width": [2, 64], "log": True}},
    {"model.hidden": {"depth": [1, 3], "width": [2, 100], "per_layer": True, "step": None}},
    {"model.hidden": {"choice": [[], [8], [8, {"units": 5, "dropout": 0}]]}},
    {"model.hidden": {"depth": [0, 3], "width": [2, 4], "residual": [False, True]}},
    {"model.hidden": {"depth": [1, 2], "width": [2, 64], "log": True, **ARCHITECTURE}},
    {"model.hidden": {"depth": [1, 3], "width": [2, 4], "per_layer": True, **ARCHITECTURE}},
    {"model.hidden.0.units": {"integer": [2, 9]}, "model.hidden[1].activation": {"choice": [None, "tanh"]}},
]


@st.composite
def spaces(draw: st.DrawFn) -> dict[str, Any]:
    """A valid space for `CONFIG`, in any order."""
    chosen = {key: domain for key, domain in OPTIONAL.items() if draw(st.booleans())}
    if "model.activation.alpha" in chosen:
        chosen["model.activation.name"] = OPTIONAL["model.activation.name"]
    hidden = draw(st.sampled_from(HIDDEN))
    for key in ARCHITECTURE.keys() & hidden.get("model.hidden", {}).keys():  # each layer has its own
        chosen = {path: domain for path, domain in chosen.items() if not path.startswith(f"model.{key}")}
    space = NEEDED | chosen | hidden
    return dict(draw(st.permutations(list(space.items()))))
