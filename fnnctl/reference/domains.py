"""An example of the domain that a search may give a setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.paths import ConfigPath
from fnnctl.config.recipes.search import ACTIVATIONS, DEEPEST, L2_RANGE, MOST_DROPOUT, MOST_SMOOTHING
from fnnctl.config.schema.forms import Form
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.config.schema.records import SettingRecord
from fnnctl.metrics.metric import REGRESSION

FACTOR: Final = 10
"""How many times lower and higher than the default a number may be; judgement."""
WHOLE_FACTOR: Final = 4
"""The same for whole numbers; judgement."""
NEAR_1: Final = 0.9
"""From here on a share is varied by its distance from 1, as that of a momentum."""
MOST_WORDS: Final = 4
"""Judgement: a choice of a few words is an example, one of all words is a long line."""
_RANGES: Final[Mapping[ConfigPath, Mapping[str, Any]]] = {
    ("model", "hidden"): {"depth": [1, DEEPEST], "width": [16, 256], "log": True},
    ("model", "activation"): {"choice": [*ACTIVATIONS]},
    ("model", "dropout"): {"uniform": [0.0, MOST_DROPOUT]},
    ("model", "output"): {
        "choice": [
            name
            for name, loss in LOSS_RECORDS.items()
            if loss.task == REGRESSION and loss.measures == ("predictions",)
        ]
    },
    ("training", "l2"): {"log_uniform": [*L2_RANGE]},
    ("training", "l1"): {"log_uniform": [*L2_RANGE]},
    ("training", "label_smoothing"): {"uniform": [0.0, MOST_SMOOTHING]},
    ("training", "averaging"): {"choice": [None, "ema"]},
    ("training", "early_stopping", "monitor"): {"choice": ["validation_loss", "train_loss"]},
}
"""The ranges of a search without a space, as far as they do not depend on the table; values of one task,
where the first words are values of both; and the average that the default early stopping allows."""


def example_domain(record: SettingRecord) -> Mapping[str, Any] | None:
    """A domain of a setting, as a config has it; None if its default gives no range, as that of a text."""
    if record.path in _RANGES:
        return _RANGES[record.path]
    default = record.info.default
    domains = (_domain(form, getattr(default, "name", default)) for form in record.forms)
    return next((domain for domain in domains if domain), None)


def _domain(form: Form, default: Any) -> Mapping[str, Any] | None:
    if form.kind == "boolean":
        return {"choice": [False, True]}
    if len(form.words) > 1:
        words = dict.fromkeys([*(word for word in form.words if word == default), *form.words])
        return {"choice": [*words][:MOST_WORDS]}
    if not form.includes(default) or default <= 0:
        return None
    return _whole_numbers(form, default) if form.kind == "integer" else _numbers(form, default)


def _whole_numbers(form: Form, default: int) -> Mapping[str, Any]:
    low, high = max(1, default // WHOLE_FACTOR), default * WHOLE_FACTOR
    bounds = [low if form.ge is None else max(low, form.ge), high if form.le is None else min(high, form.le)]
    return {"log_integer": bounds}


def _numbers(form: Form, default: float) -> Mapping[str, Any]:
    """Numbers around the default: by factors, or those near 1 by factors of the distance from 1.

    Between two bounds above 0 they are from halfway to the one to halfway to the other.
    """
    if form.gt and form.lt:
        return {"uniform": _rounded((form.gt + default) / 2, (default + form.lt) / 2)}
    highest = min(bound for bound in (form.le, form.lt, default * FACTOR) if bound is not None)
    if highest > 1 or default * FACTOR <= 1:
        return {"log_uniform": _rounded(default / FACTOR, highest)}
    if default >= NEAR_1:
        distance = round(1 - default, 12)  # exactly 0.1 for 0.9
        return {"uniform": _rounded(1 - distance * FACTOR, 1 - distance / FACTOR)}
    return {"uniform": _rounded(default / 2, (default + 1) / 2)}


def _rounded(low: float, high: float) -> list[float]:
    return [float(f"{bound:.6g}") for bound in (low, high)]
