from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.answer.winner import comparison_sentences, doubts_of_winner, winner_sentences
from fnnctl.report.summary import summarize
from fnnctl.store.journal import JournalRecord
from fnnctl.store.run import OpenRun
from tests.report.searches import confirmed, halving, header, refit, result, start_search, trial

SCORES = {"train": None, "validation": None, "test": {"accuracy": 0.9}}
CHOSEN = "Trial 1 was chosen from 4 on the validation part, not on the test part."


def searched(folder: Path, records: list[JournalRecord], own: dict[str, Any] | None = None) -> OpenRun:
    run = start_search(folder, records)
    run.record({"search": {"method": "hyperband", "own_settings": own}})
    refit(run, SCORES)
    return run


def test_the_best_trial_was_chosen_by_its_objective(tmp_path: Path) -> None:
    summary = summarize(searched(tmp_path, halving()))
    assert list(winner_sentences(summary)) == [CHOSEN]
    assert doubts_of_winner(summary) == []


def test_a_confirmed_winner_was_chosen_by_its_seeds(tmp_path: Path) -> None:
    records = [
        header(confirm={"top": 2, "seeds": 3}),
        *(trial(number) for number in range(2)),
        *(result(number, 9, objective) for number, objective in enumerate((0.9, 0.8))),
        {"record": "end", "reason": "complete"},
        *confirmed({0: [0.7, 0.71, 0.72], 1: [0.90, 0.91, 0.92]}, budget=9),
    ]
    summary = summarize(searched(tmp_path, records))
    assert list(winner_sentences(summary)) == [
        "Trial 1 was chosen by its mean over 3 seeds, not on the test part."
    ]
    (verdict,) = comparison_sentences(summary)
    assert verdict.startswith("Trial 1 ")


@pytest.mark.parametrize(("p", "is_doubtful"), [(0.2, True), (0.001, False)])
def test_a_winner_beside_the_configs_own_settings(tmp_path: Path, p: float, is_doubtful: bool) -> None:
    own = {
        "winner": 1,
        "trial": 0,
        "budget": 9,
        "objectives": [0.96, 0.95],
        "p": p,
        "compared": 1,
        "ties": 0,
    }
    summary = summarize(searched(tmp_path, halving(), own))
    doubts, sentences = doubts_of_winner(summary), list(comparison_sentences(summary))
    assert (len(doubts), len(sentences)) == ((1, 0) if is_doubtful else (0, 1))
    verdict = "trial 1 cannot be told from" if is_doubtful else "Trial 1 is better than"
    assert [*doubts, *sentences][0].startswith(f"{verdict} the default settings (trial 0)")
