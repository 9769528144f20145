from __future__ import annotations

import math
from typing import Any

import pytest

from fnnctl.config.messages.wording import allowed, value_text
from fnnctl.config.paths import parse_path
from fnnctl.config.schema.lookups import forms_at
from fnnctl.config.schema.training import TrainingConfig


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("seed", "a whole number from 0 to 18446744073709551615"),
        ("name", "a single line of 1 to 200 characters, or null"),
        ("data.source", "text"),
        ("data.sha256", "64 hexadecimal digits (0-9, a-f), or null"),
        ("data.delimiter", "a single character, neither a double quote nor a line end, or null"),
        ("data.missing_values", "a list"),
        ("data.columns", "a mapping with numeric, categorical, dates, ignore"),
        ("data.scaling", "one of standardize, robust, minmax, none"),
        ("data.split.test", "a number of at least 0 and below 1"),
        ("data.split.stratify", "true or false"),
        ("model.hidden", "a list of at most 1000 entries"),
        (
            "model.hidden[0]",
            "a whole number from 1 to 1000000, or a mapping with units, activation, initialization, "
            "normalization, dropout, … (6 in all)",
        ),
        (
            "training",
            "a mapping with epochs, batch_size, shuffle, optimizer, lr_schedule, … "
            f"({len(TrainingConfig.model_fields)} in all)",
        ),
        ("training.batch_size", "a whole number from 1 to 1000000000, or auto"),
        (
            "training.optimizer",
            "one of sgd, momentum, nesterov, adagrad, rmsprop, adadelta, adam, adamw, nadam, lbfgs, "
            "or a mapping with a name",
        ),
        ("training.optimizer.learning_rate", "a number above 0 and at most 1000000"),
        ("training.early_stopping", "a mapping with monitor, patience, tolerance, restore_best, or null"),
        ("training.early_stopping.tolerance", "a number of at least 0"),
        (
            "training.class_weights",
            "a mapping of names to numbers from 0 to 1000000000, or balanced, or null",
        ),
        ("search.space", "auto, or a mapping of settings to domains"),
        ("training.class_weights.virginica", "a number from 0 to 1000000000"),
    ],
)
def test_allowed_values_are_described_in_words(path: str, words: str) -> None:
    assert allowed(forms_at(parse_path(path), {})) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (0.5, "0.5"),
        (1e-05, "1e-05"),
        (math.nan, ".nan"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        ("x", "'x'"),
        ("it's", '"it\'s"'),
        ("a\nb\x1b", "'a\\nb\\x1b'"),
        (10**400, "1" + "0" * 58 + "…"),
        ("x" * 100, "'" + "x" * 58 + "…"),
        ({"a": 1}, "a mapping"),
        ([1, 2], "a list of length 2"),
    ],
)
def test_a_value_is_shown_as_it_would_be_written(value: Any, text: str) -> None:
    assert value_text(value) == text
