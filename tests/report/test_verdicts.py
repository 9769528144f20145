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
from tests.report.confirmations import CLEAR, CLOSE, Scores, found_in, history, undefined

OF_DEFAULT = "it is unknown whether trial 3 is better than the default settings (trial 0): "
NAMES = ("winner", "trial", "budget", "objectives", "p", "compared")


def facts(*values: object, **more: object) -> DefaultTrialFacts:
    return DefaultTrialFacts.model_validate({**dict(zip(NAMES, values, strict=False)), **more})


@pytest.mark.parametrize(
    ("comparison", "sentence"),
    [
        (
            facts(3),
            "it is unknown whether trial 3 is better than the default settings: they were not tried; write "
            "search.start_from: defaults",
        ),
        (facts(0, 0), "no trial is better than the default settings (trial 0)"),
        (facts(3, 0), f"{OF_DEFAULT}they have no result after as many epochs"),
        (
            facts(3, 0, 9, (0.9, 0.8)),
            f"{OF_DEFAULT}accuracy 0.9000 against 0.8000 after 9 epochs; one validation part does not say "
            "how much of that is chance; write search.confirm: {top: 5, seeds: 10}",
        ),
        (
            facts(3, 0, 9, (0.9, 0.8), 0.0002, 7),
            "trial 3 is better than the default settings (trial 0): accuracy 0.9000 "
            "against 0.8000 after 9 epochs (p < 0.001, corrected for choosing the best of 8 trials)",
        ),
        (
            facts(3, 0, 9, (0.9, 0.88), 1.0, 7),
            "trial 3 is not better than the default settings (trial 0) by more than chance: accuracy 0.9000 "
            "against 0.8800 after 9 epochs (p = 1.000, corrected for choosing the best of 8 trials); keep "
            "those, or write search.confirm: {top: 5, seeds: 10}",
        ),
        (
            facts(3, 0, 9, (0.9, 0.8), unconfirmed=True),
            f"{OF_DEFAULT}accuracy 0.9000 against 0.8000 after 9 epochs; one validation part does not say "
            "how much of that is chance; raise search.confirm.top, to confirm those too",
        ),
        (
            facts(3, 0, 9, (0.9, 0.88), 1.0, 7, unconfirmed=True),
            "trial 3 is not better than the default settings (trial 0) by more than chance: accuracy 0.9000 "
            "against 0.8800 after 9 epochs (p = 1.000, corrected for choosing the best of 8 trials); keep "
            "those, or raise search.confirm.top, to confirm those too",
        ),
        (
            facts(3, 0, 9, (0.9, 0.88), 0.3),
            "trial 3 is not better than the default settings (trial 0) by more than chance: accuracy 0.9000 "
            "against 0.8800 after 9 epochs (p = 0.300); keep those",
        ),
    ],
)
def test_against_the_default_trial(comparison: DefaultTrialFacts, sentence: str) -> None:
    one_network = VALIDATION_SCHEMES["validation"]
    verdict = against_default_trial(comparison, "accuracy", one_network)
    assert (str(verdict.message), verdict.message.kind) == (sentence, "against_default_trial")
    assert verdict.is_warning == (comparison.p is not None and comparison.p > 0.05)
    of_one = sentence.replace("the default settings (", "the default settings with one network (")
    assert str(against_default_trial(comparison, "accuracy", one_network, members=8).message) == of_one
    on_bags = against_default_trial(comparison, "accuracy", VALIDATION_SCHEMES["bags"], members=8).message
    assert "with one network" not in str(on_bags)
    assert "search.confirm" not in str(on_bags)


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
    found = against_train(comparison, has_default=True)
    assert (str(found.message), found.is_warning) == (sentence + advice, bool(advice))
    assert str(against_train(comparison, has_default=False).message) == sentence


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"outcome": "only_default", "trial": 0},
            f"{UNKNOWN}only the default settings (trial 0) were completed",
        ),
        (
            {"outcome": "only_default", "trial": 0, "seconds_planned": 400.0},
            f"{UNKNOWN}only the default settings (trial 0) were completed; the whole plan takes about 7 "
            "minutes",
        ),
        (
            {"outcome": "same", "trial": 2},
            "the search is the same as `fnnctl train`; it chose the default settings (trial 2) alone",
        ),
        (
            {"outcome": "no_time"},
            f"{UNKNOWN}the default settings were not trained to their end; continue with --resume, or "
            "compare it with a run of `fnnctl train`",
        ),
        ({"outcome": "diverged"}, f"{UNKNOWN}its training diverges with the default settings"),
        (
            {"outcome": "compared", "rows": 30},
            f"{UNKNOWN}no metric of the search can be compared on the test part",
        ),
    ],
)
def test_a_sentence_says_why_nothing_is_compared(facts: dict[str, object], sentence: str) -> None:
    comparison = DefaultComparison.model_validate(facts)
    found = against_train(comparison, has_default=False)
    assert (str(found.message), found.message.kind) == (sentence, "against_default")
    assert not found.is_warning


TEST = "by the corrected resampled t-test with Holm's correction"
OTHERS = "it is unknown whether trial {} is better than the other trials: {}"


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        (CLEAR, f"Trial 1 is better than trials 0 and 2 (p < 0.001) over 4 seeds, {TEST}."),
        (  # the differences of trial 0 are 0.01, -0.01, -0.105 and 0.02, with an interval of ±0.1287
            CLOSE,
            "Trial 1 is better than trial 2 (p < 0.001) but is not better than trial 0 by more than chance "
            f"(p = 0.636) over 4 seeds, {TEST}; the difference may be up to 0.1075 in favour of trial 0.",
        ),
        (
            {number: [0.5, 0.6, 0.7, 0.8] for number in range(3)},
            "Trial 2 is not better than trials 0 and 1 by more than chance (p = 1.000) over 4 seeds, "
            f"{TEST}; trials 0 and 1 had the same mean, and came later in the search.",
        ),
        (
            {**CLEAR, 1: [0.99, None, 0.99, 0.99]},
            "Trial 0 is better than trial 2 (p < 0.001) over 4 seeds, by the corrected resampled t-test; "
            "trial 1 has no result with 1 of 4 seeds (it exploded), so it cannot win.",
        ),
        (
            {number: [0.5, 0.5, 0.5, None] for number in range(3)},
            OTHERS.format(2, "no trial has a result for each of the 4 seeds").capitalize()
            + "; trial 2, the best of the search, remains the winner.",
        ),
    ],
)
def test_against_the_other_leaders(scores: Scores, sentence: str) -> None:
    assert verdict_sentence(against_leaders(found_in(scores))) == sentence


def test_two_leaders_need_no_correction() -> None:
    found = found_in({0: CLEAR[0], 1: CLEAR[1]}, objectives=(0.9, 0.8))
    assert verdict_sentence(against_leaders(found)) == (
        "Trial 1 is better than trial 0 (p < 0.001) over 4 seeds, by the corrected resampled t-test."
    )


def test_a_loss_is_minimized() -> None:
    scores = {0: [1.0, 2.0, 3.0, 4.0], 1: [2.0, 1.0, 4.0, 3.5], 2: [4.0, 3.0, 2.0, 2.0]}
    told = verdict_sentence(against_leaders(found_in(scores, direction="minimize")))
    assert told.startswith(
        "Trial 0 is not better than trials 1 and 2 by more than chance (p = 1.000) over 4 seeds"
    )
    assert told.endswith(" in favour of trial 2.")


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ((2,), "is not better than trial 0 by more than chance (p = "),
        ((0, 1, 2), "the other trials: one seed cannot tell."),
    ],
)
def test_seeds_whose_rows_have_no_metric_do_not_count(seeds: tuple[int, ...], words: str) -> None:
    found = history({}, networks=undefined(CLEAR, *seeds)).confirmation
    assert found
    assert words in verdict_sentence(against_leaders(found))


def test_a_single_leader_with_results() -> None:
    told = verdict_sentence(against_leaders(found_in({**CLEAR, 1: [None] * 4, 2: [None] * 4})))
    start = OTHERS.format(0, "none of them has a result for every seed").capitalize()
    assert told.startswith(f"{start}; trial 2 has no result with 4 of 4 seeds")


def test_a_score_that_chose_something_may_be_optimistic() -> None:
    assert [*map(optimism_text, (0.008, 0.0, -0.1))] == [
        "optimistic by 0.0080", "not optimistic", "not optimistic",
    ]  # fmt: skip


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
