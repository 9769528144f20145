from __future__ import annotations

import numpy as np
import pytest

from fnnctl.report.audit.sections import audit_sections
from fnnctl.report.sections import Notes, TableSection
from tests.report.searches import halving, header, hyperband, read, result, trial


def test_halving_knows_only_promoted_trials() -> None:
    pairs, baselines, notes = audit_sections(read(halving()))
    assert pairs == TableSection(
        "Rung audit: do early ranks hold?",
        ("epochs", "trials", "τ", "95 % interval", "best dropped", "accuracy lost"),
        (("1 → 3", "2 promoted", "–", "–", "–", "–"), ("3 → 9", "2 promoted", "–", "–", "–", "–")),
    )
    # 17 epochs: 4 for one epoch each, 8 more for trial 1, and 5 more for trial 3, which then diverges.
    assert baselines == TableSection(
        "The i-epoch baseline at equal epochs",
        ("i", "trials", "continued", "epochs", "accuracy", "the search"),
        (("1", "4", "2", "17 of 17", "0.9600", "0.9600"),),
    )
    assert isinstance(notes, Notes)
    assert [row.split(":")[0].split(",")[0] for row in notes.rows] == [
        "Where only promoted trials were trained further",
        "From which min_epochs on ranks hold is unknown",
        "The i-epoch baseline trains all trials for i epochs and then only the best few to the end",
    ]


def test_hyperband_has_trials_that_were_not_selected() -> None:
    """All curves are constant, so every rung has the final order."""
    curves = [[number / 100] * 9 for number in np.random.default_rng(6).permutation(90).tolist()]
    pairs, baselines, notes = audit_sections(read(hyperband(curves)))
    assert pairs.rows == (
        ("1 → 3", "60", "1.00", "0.94 to 1.00", "0.0%", "0.0000"),
        ("3 → 9", "30", "1.00", "0.88 to 1.00", "0.0%", "0.0000"),
        ("1 → 9", "30", "1.00", "0.88 to 1.00", "0.0%", "0.0000"),
    )
    assert [row[0] for row in baselines.rows] == ["1", "3"]
    assert (
        notes.rows[1]
        == "Early ranks hold: from 1 epoch on, every τ is at least 0.3, also at its lower limit."
    )


@pytest.mark.parametrize(("direction", "sign"), [("maximize", "≥ "), ("minimize", "≤ ")])
def test_an_unknown_trial_makes_the_baseline_a_bound(direction: str, sign: str) -> None:
    curves = np.random.default_rng(7).random((30, 9)).round(3)
    search = read(hyperband(curves.tolist(), direction=direction))
    _, baselines, notes = audit_sections(search)
    first = baselines.rows[0]
    assert first[1] == "30"
    assert first[2].endswith(" known)")
    assert str(first[4]).startswith(sign)
    assert f"{sign.strip()}: some of these few" in notes.rows[2]


def test_a_search_with_one_rung_has_no_audit() -> None:
    assert audit_sections(read([header(), trial(0), trial(1), result(0, 9, 0.5), result(1, 9, 0.6)])) == []


def test_no_epochs_are_left_for_the_baseline() -> None:
    """The trial that was promoted diverged after one more epoch, and the best one needs two."""
    records = [header(), trial(0), result(0, 1, 0.1), result(0, 3, None, rung=1, epochs=1)]
    _, baselines, notes = audit_sections(read([*records, trial(1), result(1, 1, 0.9)]))
    assert baselines.rows == ()
    assert str(notes.rows[2]).endswith(
        "With as many epochs as the search trained, none could be trained to the end."
    )
