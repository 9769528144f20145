from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.messages.schema_errors import unknown_path
from fnnctl.config.messages.suggestions import meant_path, meant_value, meant_word, synonyms
from fnnctl.config.paths import ConfigPath, parse_path
from fnnctl.config.schema.lookups import forms_at, settings_named, settings_with_word
from fnnctl.config.schema.records import records_by_path


@pytest.mark.parametrize(
    ("path", "value", "advice"),
    [
        ("training.epochs", "100", " (remove the quotes)"),
        ("training.epochs", "1_000", " (write 1000)"),
        ("training.epochs", "1e3", ""),
        ("training.epochs", 1e3, " (write 1000)"),
        ("training.epochs", 1e308, ""),
        ("training.epochs", 1.5, ""),
        ("training.epochs", "", ""),
        ("training.epochs", [100], ""),
        ("training.l2", "1e-3", " (remove the quotes)"),
        ("training.l2", "0,5", " (write 0.5)"),
        ("model.dropout", "50%", " (write 0.5)"),
        ("model.dropout", "12.5 %", " (write 0.125)"),
        ("model.dropout", 25, " (write 0.25)"),
        ("model.dropout", 99.5, ""),
        ("model.dropout", 250, ""),
        ("data.split.test", 20, " (write 0.2)"),
        ("training.epochs", "50%", ""),
        ("model.hidden", "64,32", " (write [64,32])"),
        ("model.hidden", "(64,32)", " (write [64,32])"),
        ("training.batch_size", "Auto", " (did you mean 'auto'?)"),
        ("training.batch_size", 0, ""),
        ("training.shuffle", "true", " (remove the quotes)"),
        ("training.shuffle", "yes", " (write true)"),
        ("training.shuffle", "Off", " (write false)"),
        ("training.shuffle", 1, ""),
        ("training.early_stopping", "none", " (write null)"),
        ("training.early_stopping", "null", " (remove the quotes)"),
        ("training.early_stopping", False, " (write null)"),
        ("training.early_stopping", True, " (write {} for its defaults)"),
        ("training.averaging", True, ""),
        ("training.early_stopping.monitor", "accuracy", " (did you mean 'validation_accuracy'?)"),
        ("training.early_stopping.monitor", "F1", " (did you mean 'validation_f1_macro'?)"),
        ("training.early_stopping.monitor", "train_acc", " (did you mean 'train_accuracy'?)"),
        ("training.early_stopping.monitor", "val_acc", " (here it is called 'validation_accuracy')"),
        ("training.early_stopping", 10, " (write, e.g., {patience: 10})"),
        ("training.early_stopping", -1, ""),
        ("training.convergence", 0.001, " (write, e.g., {tolerance: 0.001})"),
        ("evaluation.cross_validation", 5, " (write, e.g., {folds: 5})"),
        ("evaluation.cross_validation", "5-fold", ""),
        ("data.split", 0.2, " (write, e.g., {validation: 0.2})"),
        ("model.output", "mse", " (here it is called 'squared')"),
        ("model.output", "MAE", " (here it is called 'absolute')"),
        ("training.precision", 32, ""),
        ("training.optimizer", "Adam", " (did you mean 'adam'?)"),
        ("training.optimizer", "nestrov", " (did you mean 'nesterov'?)"),
        ("training.optimizer", "zzz", ""),
        ("model.activation", "Sigmoid", " (here it is called 'logistic')"),
        ("model.hidden", 100, " (write [100])"),
        ("model.hidden", {"units": 100}, ""),
        ("data", "iris", " (write {source: iris})"),
        ("data.columns", "id", ""),
        ("data.columns.ignore", "a\nb", ""),
        ("data.columns.ignore", "id", " (write [id])"),
        ("data.target", 5, " (put it in quotes)"),
        ("data.missing_values[0]", None, " (put it in quotes)"),
        ("data.missing_values[0]", ["x"], ""),
    ],
)
def test_the_intended_value_is_guessed(path: str, value: Any, advice: str) -> None:
    assert meant_value(forms_at(parse_path(path), {}), value) == advice


def test_a_name_of_another_tool_is_translated_only_where_its_meaning_exists() -> None:
    assert meant_word("weight_decay", ["l2", "epochs"]) == " (here it is called 'l2')"
    assert meant_word("weight_decay", ["epochs"]) == ""


def test_every_translation_leads_to_a_setting_or_choice_and_none_hides_one() -> None:
    """Some are also settings or choices elsewhere, but with only one meaning where they are translated."""
    for name, usual in synonyms().items():
        assert name == name.lower()
        assert settings_named(usual) or settings_with_word(usual), usual
        if name not in {
            "alpha",
            "weight_decay",
            "max_epochs",
            "scheduler",
            "loss",
            "mae",
            "standard",
            "linear",
        }:
            assert settings_named(name) + settings_with_word(name) == [], name


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("tags", None),
        ("base", None),
        ("bias", None),
        ("metrics", ("search", "objective", "metric")),
        ("optimiser", ("training", "optimizer")),
        ("tset", ("data", "split", "test")),
    ],
)
def test_a_setting_elsewhere_is_suggested_only_if_it_is_near(word: str, meant: ConfigPath | None) -> None:
    assert meant_path(word, records_by_path()) == meant


@pytest.mark.parametrize(
    ("setting", "is_share"),
    [
        ("data.split.train", True),
        ("data.split.Training", True),
        ("data.split.train_size", True),
        ("data.train_fraction", True),
        ("train_split", True),
        ("train", False),
        ("data.train", False),
        ("data.split.trains", False),
    ],
)
def test_the_training_part_has_no_share_of_its_own(setting: str, is_share: bool) -> None:
    *section, key = parse_path(setting)
    text = "the training part is what data.split.validation and data.split.test leave"
    assert (text in unknown_path((*section, key)).message) is is_share
