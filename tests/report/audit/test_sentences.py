from __future__ import annotations

import pytest

from fnnctl.metrics.kendall import RankCorrelation
from fnnctl.records.audit.audit import Audit, RungPair
from fnnctl.report.audit.sentences import measure_sentence, verdict_sentence


def pair(start: int, tau: float, low: float, trials: int = 30, *, is_selected: bool = False) -> RungPair:
    return RungPair(start, 3 * start, trials, is_selected, RankCorrelation(tau, (low, 1.0)), None)


HELD, LOW = pair(3, 0.7, 0.5), pair(1, 0.12, -0.1)
HOLD = "every τ is at least 0.3, also at its lower limit"
MISLEAD = (
    "Early ranks mislead: the ranking after 1 epoch says little about that after 3 (τ = 0.12, 30 trials)."
)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([pair(1, 0.7, 0.5), HELD], f"Early ranks hold: from 1 epoch on, {HOLD}."),
        (
            [pair(1, 0.7, 0.5), pair(3, 0.7, 0.1, trials=9)],
            f"Early ranks hold: from 1 epoch on, {HOLD} (fewer than 10 trials from 3 to 9 epochs).",
        ),
        ([pair(1, 0.5, 0.1), HELD], f"Early ranks hold from 3 epochs on: with min_epochs: 3, {HOLD}."),
        ([LOW, HELD], f"{MISLEAD} With min_epochs: 3, {HOLD}."),
        (
            [LOW, pair(3, 0.6, 0.2)],
            f"{MISLEAD} No min_epochs is certainly safe: τ from 3 to 9 epochs may be as low as 0.20.",
        ),
        (
            [pair(1, 0.1, -0.1, is_selected=True)],
            "No min_epochs is certainly safe: τ from 1 to 3 epochs among the promoted trials may be as low "
            "as -0.10.",
        ),
        (
            [pair(1, 0.1, -0.8, trials=5), pair(3, 0.1, -0.8, trials=4)],
            "From which min_epochs on ranks hold is unknown: fewer than 10 trials from 1 to 3, 3 to 9 "
            "epochs.",
        ),
    ],
)
def test_the_verdict(pairs: list[RungPair], sentence: str) -> None:
    assert verdict_sentence(Audit(9, tuple(pairs), (), {})) == sentence


def test_what_is_compared() -> None:
    promoted = pair(1, 0.7, 0.5, is_selected=True)
    assert "whatever their rank" in measure_sentence([HELD])
    assert "promoted" not in measure_sentence([HELD])
    assert measure_sentence([promoted]).startswith("Where only promoted trials")
    assert measure_sentence([HELD, promoted]).startswith("τ compares")
