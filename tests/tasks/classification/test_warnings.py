"""What is said about the scores of classes; exact tests and Wilson intervals are worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.metrics.ranking import AucEstimate, rank_part
from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.classification.warnings import (
    HeldOut,
    JudgedRows,
    baseline_warning,
    decision_warning,
    log_loss_warning,
    mean_probability_warning,
    missed_classes_warning,
    ranking_warning,
    unfound_class_warning,
)
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.warnings import NO_BETTER, UNKNOWN, TrainingOutcome
from tests.messages import Messages

HERE = "on the test part"
SHARES, RARE = np.array([0.7, 0.3]), np.array([0.9, 0.1])


def warning_of(
    labels: IntArray, probabilities: FloatArray, shares: FloatArray, training: TrainingOutcome = UNKNOWN
) -> Message | None:
    shares = np.broadcast_to(shares, probabilities.shape)
    return baseline_warning(
        JudgedRows(("no", "yes"), labels, probabilities, HERE, shares=shares, training=training)
    )


def warning(counts: dict[tuple[int, int], int], sure: float = 0.99) -> Message | None:
    """The warning for so many rows per (label, prediction), all predicted with the probability `sure`."""
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    labels, predicted = (np.array(column, np.intp) for column in zip(*pairs, strict=True))
    probabilities = np.full((len(labels), 2), 1 - sure)
    probabilities[np.arange(len(labels)), predicted] = sure
    return warning_of(labels, probabilities, SHARES)


@pytest.mark.parametrize(("wins", "losses", "is_told"), [
    (5, 0, False), (4, 0, True), (7, 1, False), (6, 1, True), (9, 2, False), (8, 2, True), (10, 30, True),
])  # fmt: skip
def test_only_rows_that_one_of_the_two_gets_right_count(wins: int, losses: int, is_told: bool) -> None:
    """5 of 5 have p = 1/32, 7 of 8 have 9/256 = 0.035, 6 of 7 have 8/128 = 0.0625, 9 of 11 have 0.033."""
    assert (warning({(0, 0): 60, (1, 0): 20, (1, 1): wins, (0, 1): losses}) is not None) is is_told


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param({(0, 0): 60, (1, 0): 28, (1, 1): 7, (0, 1): 5}, id="ahead"),
        pytest.param({(0, 0): 60, (1, 0): 28, (1, 1): 5, (0, 1): 7}, id="behind"),
        pytest.param({(0, 0): 70, (1, 0): 30}, id="always the majority class"),
        pytest.param({(0, 0): 90, (1, 0): 10}, id="very unequal classes"),
    ],
)
def test_the_warning(messages: Messages, counts: dict[tuple[int, int], int]) -> None:
    messages.check(warning(counts))


def test_few_rows_are_said_to_be_few(messages: Messages) -> None:
    """Four rows are not 'no': even if all were right, p would be 1/16."""
    messages.check(warning({(0, 0): 10, (1, 1): 4}, sure=0.51))


def test_the_best_epoch_decides_the_advice(messages: Messages) -> None:
    labels = np.repeat([0, 1], [70, 30])
    no_better = warning_of(labels, np.full((100, 2), 0.5), SHARES, TrainingOutcome(32, 4))
    messages.check(no_better)
    assert no_better is not None
    assert no_better.is_severe


def test_better_probabilities_are_acknowledged(messages: Messages) -> None:
    """Of 20 rows that are said to be 'yes' at 0.45 half are, of the 80 others at 0.1 a tenth is."""
    labels = np.repeat([1, 0, 1, 0], [10, 10, 8, 72])
    yes = np.repeat([0.45, 0.1], [20, 80])
    no_better = warning_of(labels, np.column_stack([1 - yes, yes]), np.array([0.82, 0.18]))
    messages.check(no_better)
    assert no_better is not None
    assert not no_better.is_severe


def test_a_network_that_is_ahead_with_better_probabilities_has_no_warning() -> None:
    """Six of seven rows that differ are won, which may be chance; but being unsure pays in the others."""
    counts = {(0, 0): 60, (1, 0): 10, (1, 1): 6, (0, 1): 1}
    assert warning(counts) is not None
    assert warning(counts, sure=0.75) is None


def test_each_fold_has_its_own_majority_class() -> None:
    """In the second half of the rows the other class is the majority: there the baseline is right."""
    labels = np.repeat([0, 1], 50)
    probabilities = np.column_stack([np.repeat([0.9, 0.1], 50), np.repeat([0.1, 0.9], 50)])
    shares = np.repeat([[0.7, 0.3], [0.3, 0.7]], 50, axis=0)
    assert warning_of(labels, probabilities, shares) is not None
    assert warning_of(labels, probabilities, SHARES) is None


def test_guesses_are_rarely_taken_for_knowledge() -> None:
    """The level of the test: of 400 networks that know nothing, at most about 5 % have no warning."""
    rng, silent = np.random.default_rng(0), 0
    for _ in range(400):
        labels, predicted = rng.integers(2, size=(2, 100))
        probabilities = np.where(predicted[:, None] == [0, 1], 0.9, 0.1)
        silent += warning_of(labels, probabilities, np.array([0.5, 0.5])) is None
    assert 0 < silent < 0.08 * 400


def area_of(is_positive: BoolArray, scores: FloatArray) -> AucEstimate | None:
    ranked = rank_part(is_positive.astype(np.intp), np.column_stack([1 - scores, scores]))
    return ranked.areas[1]


def rows_of(rows: int, classes: tuple[str, ...] = ("no", "yes")) -> JudgedRows:
    """Rows whose labels and probabilities nothing reads."""
    return JudgedRows(classes, np.zeros(rows, int), np.empty((rows, len(classes))), HERE, positive=1)


def test_a_good_ranking_is_of_use_whatever_the_accuracy() -> None:
    """The positive rows have the largest scores, but a low threshold gets most rows wrong."""
    labels, scores = np.repeat([0, 1], [90, 10]), np.repeat([0.06, 0.46], [90, 10])
    rows = np.arange(100), labels, np.column_stack([1 - scores, scores])
    shares = np.array([0.9, 0.1])
    part, at_threshold = (
        ClassScores(("no", "yes"), *rows, 1.0, None, shares, Decision(1, threshold=threshold))
        for threshold in (None, 0.05)
    )
    assert part.warnings()
    assert at_threshold.metrics()["accuracy"] < 0.3
    assert at_threshold.warnings() == []


def test_a_random_order_is_of_no_use(messages: Messages) -> None:
    area = area_of(np.arange(200) % 4 == 0, np.random.default_rng(0).random(200))
    messages.check(decision_warning(rows_of(200), area, None))
    assert decision_warning(rows_of(9), None, None) is None, "rows of one class say nothing"


def test_few_rows_determine_no_ranking(messages: Messages) -> None:
    area = area_of(np.array([True, False, False]), np.array([0.9, 0.3, 0.4]))
    messages.check(decision_warning(rows_of(3), area, None))
    of_three = rank_part(np.arange(3), np.full((3, 3), 1 / 3))
    messages.check(ranking_warning(rows_of(3, ("a", "b", "c")), of_three.areas))


@pytest.mark.parametrize("own", [0.1, 0.9, 1.2])
def test_decisions_that_cost_more_than_one_answer_are_of_no_use(messages: Messages, own: float) -> None:
    """Always answering the same costs 1 per row; 0.9 with a large spread may be chance."""
    is_positive = np.arange(60) % 2 == 0
    area = area_of(is_positive, is_positive + np.linspace(0, 0.1, 60))
    spread = np.where(np.arange(60) % 3, -1.0, 2.0) * (0.02 if own < 0.5 else 2.0)
    messages.check(decision_warning(rows_of(60), area, (own + spread, np.ones(60))))


@pytest.mark.parametrize("classes", [2, 3])
def test_a_random_order_after_training_with_class_weights_is_of_no_use(
    messages: Messages, classes: int
) -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(300) % 15 % classes
    chance = rng.dirichlet(np.ones(classes), 300)
    known = chance.copy()
    known[np.arange(300), labels] += 0.5
    names, shares = ("a", "b", "c")[:classes], np.full(classes, 1 / classes)
    random, ranked = (
        ClassScores(names, np.arange(300), labels, probabilities, 1.0, None, shares).warnings(
            training=TrainingOutcome(has_class_weights=True)
        )
        for probabilities in (chance, known / 1.5)
    )
    assert random[0].is_severe
    messages.check(random[0])
    assert ranked == []


HERE = "on the test part"


def missed(
    counts: dict[str, tuple[int, int]], training: TrainingOutcome = UNKNOWN, **more: Any
) -> Message | None:
    """The warning for so many found rows of so many, by class; the others are predicted as the next class."""
    labels, predicted = [], []
    for number, (right, rows) in enumerate(counts.values()):
        labels += [number] * rows
        predicted += [number] * right + [(number + 1) % len(counts)] * (rows - right)
    nothing = np.empty((len(labels), len(counts)))
    judged = JudgedRows(tuple(counts), np.array(labels), nothing, HERE, training=training, **more)
    return missed_classes_warning(judged, np.array(predicted, np.intp))


@pytest.mark.parametrize(
    ("found", "rows", "is_told"),
    [
        (0, 5, True),  # the upper end is z² / (n + z²) = 3.84 / 8.84 = 0.43
        (0, 4, False),  # 0.49, but too few rows
        (1, 6, False),  # recall 0.17, but the upper end is 0.56
        (1, 10, True),  # 0.40
        (2, 10, False),  # recall 0.2
        (1, 40, True),
        (40, 40, False),
    ],
)
def test_a_low_recall_of_enough_rows_is_told(found: int, rows: int, is_told: bool) -> None:
    assert (missed({"common": (99, 100), "rare": (found, rows)}) is not None) is is_told


def test_the_warning_about_one_of_two_classes_advises_a_threshold(messages: Messages) -> None:
    for positive in (1, 0):
        messages.check(missed({"common": (1590, 1600), "rare": (1, 40)}, positive=positive))


def test_all_such_classes_are_in_one_warning(messages: Messages) -> None:
    messages.check(missed({"a": (30, 40), "b": (1, 20), "c": (25, 40), "d": (0, 9)}))


def test_a_class_that_is_not_rare_needs_more_than_weights(messages: Messages) -> None:
    for training in (UNKNOWN, TrainingOutcome(epochs=32, best_epoch=10)):
        messages.check(missed({"a": (30, 30), "b": (0, 25), "c": (30, 30)}, training))


def test_weights_that_are_set_are_not_advised(messages: Messages) -> None:
    counts, training = {"common": (70, 70), "rare": (0, 20)}, TrainingOutcome(has_class_weights=True)
    messages.check(missed(counts, training, positive=1))
    messages.check(missed({**counts, "medium": (20, 20)}, training))


def held_out(shift: float, *, rare: int = 40, rows: int = 2000) -> HeldOut:
    """Rows whose score is `shift` standard deviations larger if they are rare, and always below 0.5."""
    rng = np.random.default_rng(4)
    labels = (np.arange(rows) % (rows // rare) == 0).astype(np.intp)
    scores = 0.4 / (1 + np.exp(3 - rng.normal(shift * labels)))
    return labels, np.column_stack([1 - scores, scores])


COUNTS = {"common": (1600, 1600), "rare": (0, 40)}


@pytest.mark.parametrize("shift", [3.0, 0.4, 0.0])
def test_a_threshold_is_advised_if_it_finds_the_class_in_held_out_rows(
    messages: Messages, shift: float
) -> None:
    """Without any signal the best F1 is that of nearly all rows, which is found by chance."""
    messages.check(missed(COUNTS, positive=1, held_out=held_out(shift)))


def test_too_few_held_out_rows_of_the_class_say_nothing() -> None:
    few = held_out(3.0, rare=4)
    assert missed(COUNTS, positive=1, held_out=few) == missed(COUNTS, positive=1)


@pytest.mark.parametrize(("hits", "taken", "rows", "is_told"), [
    (0, 0, 10, True), (0, 14, 10, True), (1, 0, 10, False), (0, 0, 4, False),
])  # fmt: skip
def test_a_threshold_that_finds_no_row_is_told(
    messages: Messages, hits: int, taken: int, rows: int, is_told: bool
) -> None:
    labels = (np.arange(100) < rows).astype(np.intp)
    predicted = ((np.arange(100) < hits) | (np.arange(100) >= 100 - taken)).astype(np.intp)
    judged = JudgedRows(("common", "rare"), labels, np.empty((100, 2)), HERE, positive=1)
    unfound = unfound_class_warning(judged, predicted, 0.0931)
    assert (unfound is not None) == is_told
    messages.check(unfound)


def of_two(yes: FloatArray) -> FloatArray:
    return np.column_stack([1 - yes, yes])


def judged(
    labels: IntArray, probabilities: FloatArray, baseline: FloatArray | None = RARE, **more: Any
) -> JudgedRows:
    shares = None if baseline is None else np.broadcast_to(baseline, probabilities.shape)
    settings: dict[str, Any] = {"classes": ("no", "yes"), "positive": 1, **more}
    return JudgedRows(labels=labels, probabilities=probabilities, place=HERE, shares=shares, **settings)


def rare(rows: int, *, of_yes: float, of_no: float) -> tuple[np.ndarray, FloatArray]:
    """Labels of which a tenth is 1, and the probability of 1 in the rows of each class."""
    labels = np.arange(rows) % 10 // 9
    return labels, of_two(np.where(labels == 1, of_yes, of_no))


def test_the_log_loss_of_a_smoothed_network_is_told_although_its_ranking_is_perfect(
    messages: Messages,
) -> None:
    """−(0.1·log 0.6 + 0.9·log 0.65) = 0.4388; the baseline has −(0.1·log 0.1 + 0.9·log 0.9) = 0.3251."""
    smoothed = judged(*rare(200, of_yes=0.6, of_no=0.35))
    messages.check(log_loss_warning(smoothed))
    messages.check(log_loss_warning(smoothed, is_calibrated=True))
    assert log_loss_warning(judged(*rare(200, of_yes=0.6, of_no=0.2))) is None


@pytest.mark.parametrize(("rows", "is_told"), [(100, True), (90, False)])
def test_few_rows_must_be_worse_by_more_than_chance(rows: int, is_told: bool) -> None:
    """One row in ten costs −log 0.05, the others pay nearly nothing: a mean that few rows do not fix."""
    labels, probabilities = rare(rows, of_yes=0.03, of_no=0.03)
    assert (log_loss_warning(judged(labels, probabilities)) is not None) is is_told


@pytest.mark.parametrize(
    ("mean", "rows", "is_told"),
    [
        (0.1, 1000, False),
        (0.138, 1000, False),  # odds of 0.138 are 1.44 times those of 0.1
        (0.15, 1000, True),  # 1.59 times; 4.4 standard errors, √(0.15·0.85/1000) = 0.0113
        (0.15, 800, False),  # 3.96 standard errors
        (0.4, 100, True),
        (0.4, 20, False),  # 2.7 standard errors
    ],
)
def test_a_mean_probability_far_from_the_frequency_is_told(
    messages: Messages, mean: float, rows: int, is_told: bool
) -> None:
    doubt = mean_probability_warning(judged(np.arange(rows) % 10 // 9, of_two(np.full(rows, mean))))
    assert (doubt is not None) is is_told
    messages.check(doubt)


def test_one_surprising_row_is_not_enough() -> None:
    labels = (np.arange(30) == 0).astype(np.intp)
    sure = of_two(np.full(30, 1e-6))
    assert mean_probability_warning(judged(labels, sure, None)) is None


def test_rows_of_another_kind_and_weighted_rows_are_named_as_the_cause(messages: Messages) -> None:
    rows = rare(400, of_yes=0.5, of_no=0.5)
    messages.check(mean_probability_warning(judged(*rows, np.array([0.5, 0.5]))))
    weighted = TrainingOutcome(has_row_weights=True)
    messages.check(mean_probability_warning(judged(*rows, training=weighted)))


def test_several_classes_are_in_one_warning(messages: Messages) -> None:
    labels = np.repeat([0, 1, 2], [300, 60, 40])
    probabilities = np.tile([0.4, 0.45, 0.15], (400, 1))
    rows = judged(labels, probabilities, None, classes=("a", "b", "c"), positive=None)
    messages.check(mean_probability_warning(rows))


def test_honest_probabilities_are_hardly_ever_doubted() -> None:
    """400 samples whose labels follow the probabilities."""
    rng, doubted = np.random.default_rng(5), 0
    for _ in range(400):
        probabilities = of_two(rng.beta(0.3, 3, 300))
        labels = (rng.random(300) < probabilities[:, 1]).astype(np.intp)
        shares = np.array([1 - labels.mean(), labels.mean()])
        doubted += bool(log_loss_warning(judged(labels, probabilities, shares)))
        doubted += bool(mean_probability_warning(judged(labels, probabilities, shares)))
    assert doubted == 0


def test_a_good_accuracy_does_not_silence_them() -> None:
    """Every row is predicted correctly, but the rare class has seven times its frequency."""
    labels, probabilities = rare(1000, of_yes=0.95, of_no=0.45)
    part = ClassScores(("no", "yes"), np.arange(1000), labels, probabilities, 1.0, None, RARE, Decision(1))
    assert part.metrics()["accuracy"] == 1.0
    kinds = [warning.kind for warning in part.warnings()]
    assert kinds == ["misleading_probabilities", "far_probabilities"]


def test_a_network_no_better_than_the_baseline_does_not_silence_them() -> None:
    """Its log loss, 0.7136, is worse than 0.6931, but not by more than chance."""
    labels, probabilities = np.arange(120) % 2, of_two(np.where(np.arange(120) // 2 % 2, 0.6, 0.4))
    shares = np.array([0.5, 0.5])
    part = ClassScores(("no", "yes"), np.arange(120), labels, probabilities, 1.0, None, shares, Decision(1))
    assert [warning.kind for warning in part.warnings()] == [NO_BETTER, "misleading_probabilities"]
