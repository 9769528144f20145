"""The sentence about the winner and the default settings."""

from __future__ import annotations

import pytest

from fnnctl.report.topics.default_trial import comparison_sentence, ties_text
from fnnctl.store.manifest import DefaultTrialFacts

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
            "trial 3 and the default settings (trial 0) have no result after the same number of epochs",
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
