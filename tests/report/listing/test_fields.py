from __future__ import annotations

import pytest

from fnnctl.errors import UsageError
from fnnctl.metrics.registry import headline
from fnnctl.report.listing.fields import FACTS, field_of, metric_path, refuse_unknown
from fnnctl.tasks.reports import TASK_REPORTS
from tests.messages import Messages
from tests.report.listing.entries import DAMAGED, listed

METRICS = {
    "train": {"accuracy": 1.0},
    "validation": None,
    "test": {"accuracy": 0.95, "roc_auc_macro": None, "per_class": {"a.b": {"recall": 0.5}}},
}
NOTED = {"notes": {"text": "tag: prod", "limits": "few rows"}}
RUN = listed(metrics=METRICS, config={"training": {"l2": 0.01, "optimizer": {"name": "adam"}}, **NOTED})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run", "iris"), ("name", "iris"), ("kind", "train"), ("data", "iris"), ("status", "completed"),
        ("metric", 0.95), ("seed", 7), ("duration", 1.5), ("finished", None),
        ("promoted", ()), ("tags", ()), ("tag", ()), ("note", None),
        ("accuracy", 0.95), ("test.accuracy", 0.95), ("metrics.test.accuracy", 0.95),
        ("train.accuracy", 1.0), ("validation.accuracy", None), ("per_class.a.b.recall", 0.5),
        ("metrics.test.per_class.a.b.recall", 0.5), ("per_class.a.c.recall", None),
        ("config.training.l2", 0.01), ("config.training.optimizer", {"name": "adam"}), ("config.no", None),
        ("notes", "tag: prod"), ("notes.limits", "few rows"), ("config.notes.text", "tag: prod"),
    ],
)  # fmt: skip
def test_the_value_of_a_field(name: str, value: object) -> None:
    assert field_of(name).read(RUN) == value


def test_the_metric_of_a_run_is_the_first_of_its_task() -> None:
    """Of a cross-validation, the mean over its folds."""
    folds = {"accuracy": {"mean": 0.8, "ci95": [0.7, 0.9]}}
    cross_validated = listed(metrics={"test": {"accuracy": 0.9}, "cross_validation": folds})
    assert cross_validated.metric == ("accuracy", 0.8)
    assert listed(metrics={"test": {"r2": 0.5, "accuracy": 1.0}}, task="regression").metric == ("R²", 0.5)
    assert listed(metrics={"test": {"r2": None}}, task="regression").metric is None
    assert listed(metrics={"test": {"accuracy": 0.5}}, task=None).metric == ("accuracy", 0.5)
    for task in ("classification", "regression"):
        metric = headline(task)
        assert TASK_REPORTS[task].metrics[0] == (metric.label, metric.name)


def test_a_damaged_run_has_a_status_and_a_folder() -> None:
    known = {name for name in FACTS if field_of(name).read(DAMAGED) not in (None, ())}
    assert known == {"run", "status"}
    assert field_of("status").read(DAMAGED) == "damaged"


def test_a_field_that_a_run_may_have_is_known() -> None:
    """Notes, even if no run has any; without runs, everything."""
    for name in ("accuracy", "metric", "validation.loss", "f1_macro", "config.training.l2", "notes"):
        refuse_unknown([("--sort", field_of(name))], [RUN, DAMAGED])
    refuse_unknown([("--columns", field_of("notes"))], [DAMAGED])
    refuse_unknown([("--sort", field_of("qqq"))], [])


@pytest.mark.parametrize(
    "name",
    [
        "acuracy",
        "sead",
        "tagged",
        "notes.limit",
        "train.acuracy",
        "config.training.l22",
        "per_class.a.b.recal",
        "qqq",
    ],
)
def test_a_field_that_no_run_has_is_refused(messages: Messages, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        refuse_unknown([("--sort", field_of(name))], [RUN, DAMAGED])
    messages.check(caught.value)


def test_a_name_with_a_comma_is_proposed_in_quotes() -> None:
    """Where a comma ends a name."""
    run = listed(metrics={"test": {"targets": {"a,b": {"r2": 0.5}}}})
    for option, meant in (("--columns", """'"targets.a,b.r2"'"""), ("--sort", "'targets.a,b.r2'")):
        with pytest.raises(UsageError) as caught:
            refuse_unknown([(option, field_of("targets.a,b.r"))], [run])
        assert f"(did you mean {meant}?)" in str(caught.value)


def test_names_without_a_part_are_those_of_the_test_part() -> None:
    assert metric_path("accuracy") == metric_path("metrics.test.accuracy") == "test.accuracy"
    assert metric_path("per_class.train.recall") == "test.per_class.train.recall"
