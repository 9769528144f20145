"""The rewards of a controller in a search's facts."""

from __future__ import annotations

from fnnctl.report.topics.architecture import reward_definitions
from tests.report.searches import read
from tests.report.test_best_model import journal


def test_the_first_and_the_last_fifth() -> None:
    objectives = [0.1, 0.3, *[0.5] * 6, 0.6, 0.9]
    facts = list(reward_definitions(read(journal(*objectives))))
    assert facts == [
        ("first fifth", "mean accuracy 0.2000 of 2 trials"),
        ("last fifth", "mean accuracy 0.7500 of 2 trials"),
    ]
    minimized = read(journal(*objectives, metric="log_loss", direction="minimize"))
    assert [text for _, text in reward_definitions(minimized)] == [
        "mean log loss 0.2000 of 2 trials",
        "mean log loss 0.7500 of 2 trials",
    ]


def test_only_controllers_have_rewards() -> None:
    objectives = [0.5] * 10
    assert list(reward_definitions(read(journal(*objectives, sampler="random")))) == []
    assert list(reward_definitions(read(journal(*objectives[:4])))) == [], "too few for a fifth"
