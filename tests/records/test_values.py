from __future__ import annotations

import math

from numpy.testing import assert_array_equal

from fnnctl.records.audit import NEVER, rung_values
from tests.report.searches import curve, halving, header, read, result, trial

NAN, INF = math.nan, math.inf


def test_values_of_promoted_dropped_and_diverged_trials() -> None:
    values = rung_values(read(halving()))
    assert values.epochs == (1, 3, 9)
    assert_array_equal(
        values.losses, [[-0.5, NAN, NAN], [-0.9, -0.95, -0.96], [-0.4, NAN, NAN], [-0.8, -0.99, INF]]
    )
    assert values.first.tolist() == [1, 1, 1, 1]
    assert values.spent.tolist() == [1, 9, 1, 6]
    assert values.ends.tolist() == [NEVER, NEVER, NEVER, 6]


def test_a_trial_that_begins_at_a_later_rung_has_a_curve_for_the_earlier_ones() -> None:
    of_last_bracket = [
        trial(4, bracket=1),
        result(4, 9, 0.7, facts=curve(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6, 0.6, 0.7)),
        trial(5, bracket=1),
        result(5, 9, None, epochs=5, facts=curve(0.1, 0.2, 0.3, 0.4, None)),
    ]
    values = rung_values(read([*halving()[:-1], *of_last_bracket]))
    assert_array_equal(values.losses[4:], [[-0.1, -0.3, -0.7], [-0.1, -0.3, INF]])
    assert values.first[4:].tolist() == [9, 9]


def test_a_trial_that_stopped_early_keeps_its_value() -> None:
    stopped = [
        trial(4, bracket=1),
        result(4, 3, 0.7, epochs=2, status="stopped early", facts=curve(0.6, 0.5)),
    ]
    values = rung_values(read([*halving()[:-1], *stopped]))
    assert_array_equal(values.losses[4], [-0.6, -0.7, -0.7])
    assert values.ends[4] == 2


def test_a_failed_trial_is_worst_from_its_first_lost_epoch() -> None:
    failed = [
        trial(4),
        result(4, 1, 0.6, facts=curve(0.6)),
        result(4, 3, None, epochs=0, rung=1, status="failed"),
    ]
    values = rung_values(read([*halving()[:-1], *failed]))
    assert_array_equal(values.losses[4], [-0.6, INF, INF])
    assert values.ends[4] == 2


def test_without_curves_only_the_rungs_are_known() -> None:
    records = [
        header(metric="log_loss", direction="minimize"),
        trial(0),
        result(0, 1, 0.5, facts=curve(0.9)),
        result(0, 3, 0.4, rung=1, epochs=2, facts=curve(0.9, 0.9)),
        trial(1, bracket=1),
        result(1, 3, 0.3, facts=curve(0.9, 0.9, 0.9)),
    ]
    assert_array_equal(rung_values(read(records)).losses, [[0.5, 0.4], [NAN, 0.3]])


def test_parts_of_curve_stopping_are_not_rungs() -> None:
    records = [
        header(curve_stopping="median", rungs={"0": [9, 27]}),
        *(trial(number) for number in range(2)),
        result(0, 3, 0.5),
        result(1, 3, 0.1),
        {"record": "stop", "reason": "worse than the median", "trial": 1, "budget": 3, "saved": 6},
        result(0, 6, 0.6, epochs=3),
        result(0, 9, 0.7, epochs=3),
        result(0, 27, 0.8, rung=1, epochs=18),
    ]
    values = rung_values(read(records))
    assert values.epochs == (9, 27)
    assert_array_equal(values.losses, [[-0.7, -0.8], [NAN, NAN]])
    assert values.first.tolist() == [3, 3], "the curve was judged after 3 epochs"


def test_an_extension_adds_values_without_training() -> None:
    """The trial was trained to 3 epochs at once, so its value there is known whatever it is after 2."""
    records = [
        header(),
        trial(0),
        result(0, 3, 0.5, facts=curve(0.1, 0.2, 0.5)),
        result(0, 2, 0.2, epochs=0),
        result(0, 6, 0.6, rung=1, epochs=3, facts=curve(0.5, 0.5, 0.6)),
    ]
    values = rung_values(read(records))
    assert values.epochs == (2, 3, 6)
    assert_array_equal(values.losses, [[-0.2, -0.5, -0.6]])
    assert (values.first[0], values.spent[0]) == (3, 6)
