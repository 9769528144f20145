"""The confirmation of a search: its leaders, trained again with several seeds, and who of them wins.

It follows from the journal alone. Every leader has the same seeds, so their scores are compared in pairs.
A metric can be undefined on the rows of a seed, such as the ROC AUC of a single class. This says nothing
about the leaders, so the seed is left out for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median_low
from typing import Any, Final

from fnnctl.metrics.paired import PairedTest, holm, paired_test
from fnnctl.metrics.resampling import corrected_interval, summarize_scores
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Confirmed, ConfirmedKey, Direction, Result, Status

CONFIRM: Final = "confirm"
"""The setting of the journal's header that has the numbers of leaders and seeds."""
LEVEL: Final = 0.05
"""Two leaders are told apart if p, after Holm's correction, is at most this."""


@dataclass(frozen=True, slots=True)
class LeaderComparison:
    """A leader against the winner."""

    test: PairedTest
    """The differences are the leader's scores minus the winner's."""
    p_holm: float
    """Corrected for the number of comparisons."""

    @property
    def is_tie(self) -> bool:
        """Whether the seeds cannot tell the two apart."""
        return self.p_holm > LEVEL


@dataclass(frozen=True, slots=True)
class Leader:
    """One of the best trials, and its networks so far."""

    result: Result
    """Its result in the search."""
    networks: tuple[Confirmed, ...]
    """In the order of their seeds."""
    left_out: frozenset[int] = frozenset()
    """The seeds that do not count for any leader, because the metric is undefined there."""

    @property
    def trial(self) -> int:
        """The trial's number."""
        return self.result.trial

    @property
    def failed(self) -> list[Confirmed]:
        """The networks that diverged or failed."""
        return [
            network for network in self.networks if network.objective is None and not network.is_undefined
        ]

    @property
    def objectives(self) -> list[float | None]:
        """The objectives that count, in the order of the seeds; None for the other networks."""
        return [None if network.seed in self.left_out else network.objective for network in self.networks]

    @property
    def scores(self) -> list[float]:
        """The objectives that count, in the order of the seeds."""
        return [objective for objective in self.objectives if objective is not None]

    @property
    def mean(self) -> float | None:
        """The mean over all seeds that count, if there are any; None if a network diverged or failed, which
        no mean could make up for.
        """
        return math.fsum(self.scores) / len(self.scores) if self.scores and not self.failed else None

    @property
    def epochs(self) -> int:
        """The epochs for which a refit trains: the lower median of those that its networks kept."""
        return median_low(network.kept_epoch for network in self.networks)


class Confirmation:
    """The leaders and what their networks say; there are at least two leaders."""

    def __init__(self, leaders: Sequence[Leader], *, seeds: int, metric: str, direction: Direction) -> None:
        """The leaders are in the order of the search."""
        self.leaders, self.seeds = tuple(leaders), seeds
        self.budget = confirmation_budget([leader.result for leader in leaders])
        """The epochs at most of every network."""
        self.metric: str = metric
        self.direction: Direction = direction

    @property
    def networks(self) -> int:
        """The number of networks so far."""
        return sum(len(leader.networks) for leader in self.leaders)

    @property
    def left_out(self) -> list[int]:
        """The seeds that do not count, because the metric is undefined there for one of the leaders."""
        return sorted(self.leaders[0].left_out)

    @property
    def compared_seeds(self) -> int:
        """The number of seeds that count."""
        return self.seeds - len(self.left_out)

    @property
    def is_complete(self) -> bool:
        """Whether all networks are there."""
        return self.networks == len(self.leaders) * self.seeds

    @cached_property
    def ranked(self) -> list[Leader]:
        """The leaders by their means, those without a mean last; ties are in the order of the search."""
        sign = -1.0 if self.direction == "maximize" else 1.0
        return sorted(
            self.leaders, key=lambda leader: math.inf if leader.mean is None else sign * leader.mean
        )  # sorted is stable

    @property
    def winner(self) -> Leader:
        """The leader with the best mean. If none has a mean, the best of the search remains the winner."""
        return self.ranked[0]

    @property
    def chosen(self) -> Leader | None:
        """The winner, if the confirmation is complete and one of the leaders has a mean."""
        return self.winner if self.is_complete and self.winner.mean is not None else None

    @property
    def test_share(self) -> float:
        """The validation rows per training row, over all draws; 0 before the first network."""
        networks = [network for leader in self.leaders for network in leader.networks]
        train_rows = sum(network.train_rows for network in networks)
        return sum(network.validation_rows for network in networks) / train_rows if train_rows else 0.0

    @cached_property
    def comparisons(self) -> Mapping[int, LeaderComparison]:
        """By trial number, the other leaders with a mean against the winner.

        Empty until it is complete, and if fewer than two seeds count.
        """
        if self.chosen is None or self.compared_seeds < 2:
            return {}
        share, best = self.test_share, self.winner.scores
        leaders = [leader for leader in self.ranked[1:] if leader.mean is not None]
        tests = [paired_test(leader.scores, best, test_share=share) for leader in leaders]
        corrected = holm([test.p for test in tests])
        return {
            leader.trial: LeaderComparison(test, p)
            for leader, test, p in zip(leaders, tests, corrected, strict=True)
        }

    @property
    def tied(self) -> list[int]:
        """The trials that the seeds cannot tell from the winner."""
        return [trial for trial, comparison in self.comparisons.items() if comparison.is_tie]

    def same_epochs(self, leader: Leader) -> bool:
        """Whether the search, too, has trained the leader for the budget, unless it stopped early."""
        return leader.result.budget == self.budget or leader.result.status is Status.STOPPED_EARLY

    def half_width(self, leader: Leader) -> float | None:
        """Half of the 95 % interval of the leader's mean, before it is clipped; None without a spread."""
        interval = corrected_interval(leader.scores, test_share=self.test_share)
        return None if interval is None or leader.mean is None else (interval[1] - interval[0]) / 2

    def summary(self, leader: Leader) -> dict[str, Any]:
        """The leader's `mean`, `std`, `ci95` and `scores`: see `summarize_scores`."""
        summary = summarize_scores({self.metric: leader.objectives}, test_share=self.test_share)[self.metric]
        return summary if leader.mean is not None else {**summary, "mean": None, "std": None, "ci95": None}


def confirmation_budget(leaders: Sequence[Result]) -> int:
    """The epochs at most for which all leaders are trained: the largest budget that one of them has had."""
    return max(result.budget for result in leaders)


def confirmation(
    settings: Mapping[str, Any], standings: Standings, networks: Mapping[ConfirmedKey, Confirmed]
) -> Confirmation | None:
    """The confirmation of a search with the journal's `settings`; None if it has none or a single leader."""
    count = settings.get(CONFIRM)
    if not isinstance(count, Mapping):
        return None
    results, seeds = standings.leaders(int(count["top"])), int(count["seeds"])
    if len(results) < 2:
        return None
    budget = confirmation_budget(results)
    keys = [[(result.trial, budget, seed) for seed in range(seeds)] for result in results]
    groups = [tuple(networks[key] for key in leader_keys if key in networks) for leader_keys in keys]
    left_out = frozenset(network.seed for group in groups for network in group if network.is_undefined)
    leaders = [Leader(result, group, left_out) for result, group in zip(results, groups, strict=True)]
    metric = str(settings.get("objective", {}).get("metric", "objective"))
    return Confirmation(leaders, seeds=seeds, metric=metric, direction=standings.direction)
