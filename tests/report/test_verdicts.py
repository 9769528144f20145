"""Is it better? Every outcome has a text."""

from __future__ import annotations

import pytest

from fnnctl.config.schema.validation_schemes import VALIDATION_SCHEMES
from fnnctl.report.verdicts import (
    Outcome,
    Rivals,
    against_default_trial,
    against_leaders,
    against_train,
    optimism_text,
    verdict_sentence,
)
from fnnctl.store.manifest import ComparedMetric, DefaultComparison, DefaultTrialFacts
from tests.messages import Messages
from tests.report.confirmations import CLEAR, CLOSE, Scores, found_in

NAMES = ("winner", "trial", "budget", "objectives", "p", "compared")


def facts(*values: object, **more: object) -> DefaultTrialFacts:
    return DefaultTrialFacts.model_validate({**dict(zip(NAMES, values, strict=False)), **more})


@pytest.mark.parametrize(
    "comparison",
    [
        pytest.param(facts(3), id="not tried"),
        pytest.param(facts(0, 0), id="it is the winner"),
        pytest.param(facts(3, 0), id="no result"),
        pytest.param(facts(3, 0, 9, (0.9, 0.8)), id="not confirmed"),
        pytest.param(facts(3, 0, 9, (0.9, 0.8), 0.0002, 7), id="better"),
        pytest.param(facts(3, 0, 9, (0.9, 0.88), 1.0, 7), id="tie"),
        pytest.param(facts(3, 0, 9, (0.9, 0.8), unconfirmed=True), id="not among the confirmed ones"),
        pytest.param(facts(3, 0, 9, (0.9, 0.88), 1.0, 7, unconfirmed=True), id="tie, not confirmed"),
        pytest.param(facts(3, 0, 9, (0.9, 0.88), 0.3), id="tie of two trials"),
    ],
)
def test_against_the_default_trial(messages: Messages, comparison: DefaultTrialFacts) -> None:
    """Networks of an ensemble are trials alone; on bags, they are what is refitted."""
    one_network = VALIDATION_SCHEMES["validation"]
    verdict = against_default_trial(comparison, "accuracy", one_network)
    messages.check(verdict.message)
    assert verdict.message.kind == "against_default_trial"
    assert verdict.is_warning == (comparison.p is not None and comparison.p > 0.05)
    of_one = str(verdict.message).replace("settings (", "settings with one network (")
    assert str(against_default_trial(comparison, "accuracy", one_network, members=8).message) == of_one
    on_bags = str(
        against_default_trial(comparison, "accuracy", VALIDATION_SCHEMES["bags"], members=8).message
    )
    assert "with one network" not in on_bags
    assert "search.confirm" not in on_bags


LOSS = ComparedMetric(
    metric="log_loss", search=0.21, default=0.25, difference=-0.04, ci95=[-0.07, -0.01], p=0.011,
    verdict="better",
)  # fmt: skip
ACCURACY = ComparedMetric(metric="accuracy", search=0.95, default=0.94, difference=0.01, p=0.6, verdict="tie")


@pytest.mark.parametrize(("verdict", "p"), [("better", 0.011), ("worse", 0.002), ("tie", 0.4)])
def test_a_sentence_says_whether_the_search_is_better_than_train(
    messages: Messages, verdict: str, p: float
) -> None:
    """If it is worse, and the network of `train` is there, it is advised."""
    first = LOSS.model_copy(update={"verdict": verdict, "p": p})
    comparison = DefaultComparison(outcome="compared", trial=0, rows=120, metrics=[first, ACCURACY])
    advised, plain = (against_train(comparison, has_default=there) for there in (True, False))
    messages.check(advised.message)
    advice = "; the network of `fnnctl train` is in default/" if verdict == "worse" else ""
    assert (str(advised.message), advised.is_warning) == (f"{plain.message}{advice}", bool(advice))


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param({"outcome": "only_default", "trial": 0}, id="only the default"),
        pytest.param(
            {"outcome": "only_default", "trial": 0, "seconds_planned": 400.0}, id="only the default, planned"
        ),
        pytest.param({"outcome": "same", "trial": 2}, id="same"),
        pytest.param({"outcome": "no_time"}, id="no time"),
        pytest.param({"outcome": "diverged"}, id="diverged"),
        pytest.param({"outcome": "compared", "rows": 30}, id="no metric"),
    ],
)
def test_a_sentence_says_why_nothing_is_compared(messages: Messages, outcome: dict[str, object]) -> None:
    verdict = against_train(DefaultComparison.model_validate(outcome), has_default=False)
    messages.check(verdict.message)
    assert (verdict.message.kind, verdict.is_warning) == ("against_default", False)


@pytest.mark.parametrize(
    "scores",
    [
        pytest.param(CLEAR, id="better"),
        pytest.param(CLOSE, id="a tie, with an interval of 0.1287 on both sides"),
        pytest.param({number: [0.5, 0.6, 0.7, 0.8] for number in range(3)}, id="equal"),
        pytest.param({**CLEAR, 1: [0.99, None, 0.99, 0.99]}, id="a trial failed with a seed"),
        pytest.param({number: [0.5, 0.5, 0.5, None] for number in range(3)}, id="all failed"),
        pytest.param({**CLEAR, 1: [None] * 4, 2: [None] * 4}, id="a single one has results"),
    ],
)
def test_against_the_other_leaders(messages: Messages, scores: Scores) -> None:
    messages.check(verdict_sentence(against_leaders(found_in(scores))))


def test_two_leaders_need_no_correction(messages: Messages) -> None:
    found = found_in({0: CLEAR[0], 1: CLEAR[1]}, objectives=(0.9, 0.8))
    messages.check(verdict_sentence(against_leaders(found)))


def test_a_loss_is_minimized(messages: Messages) -> None:
    scores = {0: [1.0, 2.0, 3.0, 4.0], 1: [2.0, 1.0, 4.0, 3.5], 2: [4.0, 3.0, 2.0, 2.0]}
    messages.check(verdict_sentence(against_leaders(found_in(scores, direction="minimize"))))


def test_a_score_that_chose_something_may_be_optimistic() -> None:
    texts = ["optimistic by 0.0080", "not optimistic", "not optimistic"]
    assert [*map(optimism_text, (0.008, 0.0, -0.1))] == texts


@pytest.mark.parametrize(
    ("outcome", "ps", "text"),
    [
        ("better", (0.01, 0.03), "p ≤ 0.030"),
        ("better", (1e-5, 1e-4), "p < 0.001"),
        ("tie", (0.2, 0.6), "p ≥ 0.200"),
        ("tie", (1.0, 1.0), "p = 1.000"),
        ("tie", (0.2,), "p = 0.200"),
        ("same", (), ""),
    ],
)
def test_of_several_p_the_one_nearest_to_the_limit_is_said(
    outcome: Outcome, ps: tuple[float, ...], text: str
) -> None:
    assert Rivals("the others", outcome, ps).p == text
