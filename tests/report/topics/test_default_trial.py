"""The sentences about a search and the default settings."""

from __future__ import annotations

import pytest

from fnnctl.report.topics.default_trial import (
    comparison_sentence,
    default_comparison_sentence,
    ties_text,
)
from fnnctl.store.manifest import ComparedMetric, DefaultComparison, DefaultTrialFacts

NAMES = ("winner", "trial", "budget", "objectives", "p", "compared")


def facts(*values: object, **more: object) -> DefaultTrialFacts:
    return DefaultTrialFacts.model_validate({**dict(zip(NAMES, values, strict=False)), **more})


@pytest.mark.parametrize(
    ("comparison", "sentence"),
    [
        (
            facts(3),
            "the default settings were not tried, so the winner cannot be compared with them: write "
            "search.start_from: defaults",
        ),
        (facts(0, 0), "no trial is better than the default settings (trial 0)"),
        (
            facts(3, 0),
            "the default settings (trial 0) have no result after as many epochs as trial 3, so they cannot "
            "be compared",
        ),
        (
            facts(3, 0, 9, (0.9, 0.8)),
            "trial 3 has accuracy 0.9000 against 0.8000 after 9 epochs for the default settings (trial "
            "0); one validation part does not say how much of that is chance: write search.confirm: {top: 5, "
            "seeds: 10}",
        ),
        (
            facts(3, 0, 9, (0.9, 0.8), 0.0002, 7),
            "trial 3 is better than the default settings (trial 0) by more than chance: accuracy 0.9000 "
            "against 0.8000 after 9 epochs (p < 0.001, corrected for choosing the best of 8 trials)",
        ),
        (
            facts(3, 0, 9, (0.9, 0.88), 1.0, 7),
            "trial 3 cannot be told from the default settings (trial 0): accuracy 0.9000 against 0.8800 "
            "after 9 epochs (p = 1.000, corrected for choosing the best of 8 trials); keep those, or compare "
            "the best trials with search.confirm: {top: 5, seeds: 10}",
        ),
        (
            facts(3, 0, 9, (0.9, 0.8), unconfirmed=True),
            "trial 3 has accuracy 0.9000 against 0.8000 after 9 epochs for the default settings (trial "
            "0); one validation part does not say how much of that is chance: raise search.confirm.top, to "
            "confirm those too",
        ),
        (
            facts(3, 0, 9, (0.9, 0.88), 1.0, 7, unconfirmed=True),
            "trial 3 cannot be told from the default settings (trial 0): accuracy 0.9000 against 0.8800 "
            "after 9 epochs (p = 1.000, corrected for choosing the best of 8 trials); keep those, or raise "
            "search.confirm.top, to confirm those too",
        ),
        (
            facts(3, 0, 9, (0.9, 0.88), 0.3),
            "trial 3 cannot be told from the default settings (trial 0): accuracy 0.9000 against 0.8800 "
            "after 9 epochs (p = 0.300); keep those",
        ),
    ],
)
def test_each_outcome_has_a_sentence(comparison: DefaultTrialFacts, sentence: str) -> None:
    assert comparison_sentence(comparison, "accuracy") == sentence
    of_one = sentence.replace("the default settings (", "the default settings with one network (")
    assert comparison_sentence(comparison, "accuracy", members=8) == of_one
    assert "with one network" not in comparison_sentence(comparison, "accuracy", members=8, on_bags=True)


@pytest.mark.parametrize(("ties", "words"), [(None, None), (0, None), (2, "2 other trials cannot be told")])
def test_ties_are_counted(ties: int | None, words: str | None) -> None:
    text = ties_text(facts(1, ties=ties))
    assert text is None if words is None else text is not None and text.startswith(words)


UNKNOWN = "it is unknown whether the search is better than `fnnctl train`: "
LOSS = ComparedMetric(
    metric="log_loss",
    search=0.21,
    default=0.25,
    difference=-0.04,
    ci95=[-0.07, -0.01],
    p=0.011,
    verdict="better",
)
ACCURACY = ComparedMetric(metric="accuracy", search=0.95, default=0.94, difference=0.01, p=0.6, verdict="tie")


@pytest.mark.parametrize(
    ("verdict", "p", "words"),
    [
        ("better", 0.011, "the search is better than `fnnctl train`: "),
        ("worse", 0.002, "the search is worse than `fnnctl train`: "),
        ("tie", 0.4, "the search is not better than `fnnctl train` by more than chance: "),
    ],
)
def test_a_sentence_says_whether_the_search_is_better_than_train(verdict: str, p: float, words: str) -> None:
    first = LOSS.model_copy(update={"verdict": verdict, "p": p})
    comparison = DefaultComparison(outcome="compared", trial=0, rows=120, metrics=[first, ACCURACY])
    sentence = (
        f"{words}log loss 0.2100 against 0.2500 on the 120 test rows (p = {p:.3f}); accuracy 0.9500 against "
        "0.9400"
    )
    advice = "; the network of `fnnctl train` is in default/" if verdict == "worse" else ""
    assert comparison.is_worse == bool(advice)
    assert default_comparison_sentence(comparison, has_default=True) == sentence + advice
    assert default_comparison_sentence(comparison, has_default=False) == sentence


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"outcome": "only_default", "trial": 0},
            "only the default settings (trial 0) were completed, so there is nothing to compare them with",
        ),
        (
            {"outcome": "only_default", "trial": 0, "seconds_planned": 400.0},
            "only the default settings (trial 0) were completed, so there is nothing to compare them with; "
            "the whole plan takes about 7 minutes",
        ),
        (
            {"outcome": "same", "trial": 2},
            "the search chose the default settings (trial 2) alone, so it gives what `fnnctl train` gives",
        ),
        (
            {"outcome": "no_time"},
            f"{UNKNOWN}the default settings were not trained to their end; continue with --resume, or "
            "compare it with a run of `fnnctl train`",
        ),
        (
            {"outcome": "diverged"},
            "`fnnctl train` diverges with the default settings, so there is no score to compare with",
        ),
        (
            {"outcome": "compared", "rows": 30},
            f"{UNKNOWN}no metric of the search can be compared on the test part",
        ),
    ],
)
def test_a_sentence_says_why_nothing_is_compared(facts: dict[str, object], sentence: str) -> None:
    comparison = DefaultComparison.model_validate(facts)
    assert default_comparison_sentence(comparison, has_default=False) == sentence
    assert not comparison.is_worse
