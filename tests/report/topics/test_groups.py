from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fnnctl.report.summary import Summary
from fnnctl.report.topics.groups import all_groups, worst_groups
from tests.messages import Messages
from tests.report.topics.said import complete, said, shown


def group(accuracy: float, rows: int, *, p: float = 1.0) -> dict[str, Any]:
    difference = {"value": accuracy - 0.8, "ci95": [accuracy - 0.9, accuracy - 0.7], "p": p / 8, "p_holm": p}
    return {
        "accuracy": accuracy,
        "accuracy_ci95": [accuracy - 0.1, accuracy + 0.1],
        "log_loss": 1 - accuracy,
        "log_loss_ci95": [0.0, 1.0],
        "support": rows,
        "difference": {"accuracy": difference, "log_loss": {**difference, "p_holm": 0.01}},
    }


GROUPS = {
    "sex": {"f": group(0.8, 100), "m": group(0.75, 300, p=0.6)},
    "region": {
        "Bern": group(0.85, 45),
        "St. Gallen": group(0.6, 30, p=0.0004),
        "Uri": group(0.1, 29, p=0.04),
    },
    "age": {"up to 20": group(0.5, 12)},
}
TEST = {"accuracy": 0.8, "log_loss": 0.2, "support": 400}


def test_reports_show_the_worst_groups_and_all_of_them(
    measured: Callable[..., Summary], messages: Messages
) -> None:
    """The smallest p first; a group of 29 rows is left out, and a column without larger ones."""
    summary = measured({**TEST, "groups": GROUPS})
    messages.check(shown(worst_groups(summary)))
    messages.check(shown(all_groups(summary)))
    assert {"The worst groups on the test part", "accuracy by region", "About the groups"} <= complete(
        summary
    ).keys()


def test_groups_that_are_all_too_small_have_no_worst_one(
    measured: Callable[..., Summary], messages: Messages
) -> None:
    summary = measured({**TEST, "groups": {"age": GROUPS["age"]}})
    messages.check(shown(worst_groups(summary)))


def test_a_run_without_a_test_part_shows_the_groups_of_its_validation_part(
    measured: Callable[..., Summary],
) -> None:
    summary = measured(None, validation={**TEST, "groups": GROUPS})
    assert "The worst groups on the validation part" in said(worst_groups, summary)


def test_nothing_is_said_without_groups(measured: Callable[..., Summary]) -> None:
    summary = measured(TEST)
    assert (said(worst_groups, summary), said(all_groups, summary)) == ({}, {})


def test_an_evaluation_shows_the_groups_of_its_file(measured: Callable[..., Summary]) -> None:
    facts = {"kind": "evaluation", "evaluated": {"run": "/run", "sha256": "0"}}
    summary = measured({**TEST, "groups": GROUPS}, facts=facts)
    assert "The worst groups on the evaluated file" in said(worst_groups, summary)
