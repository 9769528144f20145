"""Is it better? What was compared with what, the result, and how sure it is: one value, and one text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.messages import Message
from fnnctl.metrics.registry import label_of
from fnnctl.records.confirmation import Confirmation
from fnnctl.records.default_trial import is_doubtful
from fnnctl.report.words import estimate_text, number
from fnnctl.store import names
from fnnctl.store.manifest import DefaultComparison, DefaultTrialFacts
from fnnctl.text import capitalized, counted, joined_words, p_number, p_text

Outcome: TypeAlias = Literal["better", "worse", "tie", "same"]
"""Of the subject; `same`: both are the same networks."""
OUTCOMES: Final[dict[Outcome, str]] = {
    "better": "is better than {}",
    "worse": "is worse than {}",
    "tie": "is not better than {} by more than chance",
    "same": "is the same as {}",
}
TRAIN: Final = "`fnnctl train`"
CONFIRM: Final = "search.confirm: {top: 5, seeds: 10}"
LEAST_P: Final = 0.001
"""A smaller p is not told from 0."""
RAISE_TOP: Final = "raise search.confirm.top, to confirm those too"


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """A metric of the subject and of its only rival."""

    metric: str
    subject: float
    rival: float

    def __str__(self) -> str:
        return f"{label_of(self.metric)} {number(self.subject)} against {number(self.rival)}"


@dataclass(frozen=True, slots=True)
class Rivals:
    """What the subject is compared with, with one outcome."""

    names: str
    outcome: Outcome
    ps: tuple[float, ...] = ()

    def __str__(self) -> str:
        return OUTCOMES[self.outcome].format(self.names)

    @property
    def p(self) -> str:
        """The p that is nearest to the limit, as in `p ≤ 0.021`; empty if nothing is known of chance."""
        if not self.ps:
            return ""
        p, sign = (min(self.ps), "≥") if self.outcome == "tie" else (max(self.ps), "≤")
        is_exact = len(self.ps) == 1 or p < LEAST_P or p == 1
        return p_text(p) if is_exact else f"p {sign} {p_number(p)}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is better than its rivals."""

    kind: str
    """The kind of its message."""
    subject: str
    """As in `trial 3 is better than`."""
    rivals: tuple[Rivals, ...] = ()
    values: tuple[ComparedValue, ...] = ()
    """With a single rival; p is that of the first one."""
    sample: str = ""
    """What was compared, as in `on the 30 test rows`."""
    test: str = ""
    """What p comes from, or is corrected for."""
    unknown: tuple[str, str] | None = None
    """What it may be better or worse than, and why that is unknown."""
    remarks: tuple[str, ...] = ()
    """What else to know, or to do."""
    is_warning: bool = False
    """Whether it is not better where it should be."""

    @property
    def message(self) -> Message:
        """The verdict as a message, which begins with a small letter and has no full stop."""
        return Message(self.kind, "; ".join([*self._parts(), *self.remarks]))

    def _parts(self) -> Iterator[str]:
        sample = f" {self.sample}" if self.sample else ""
        first, *further = map(str, self.values) if self.values else ("",)
        if self.unknown is not None:
            name, reason = self.unknown
            yield f"it is unknown whether {self.subject} is better than {name}: {first or reason}{sample}"
            yield from [reason] if first and reason else []
        elif self.values:
            (rival,) = self.rivals
            chance = ", ".join(filter(None, (rival.p, self.test)))
            yield f"{self.subject} {rival}: {first}{sample} ({chance})"
        else:
            outcomes = [f"{rivals} ({rivals.p})" if rivals.ps else str(rivals) for rivals in self.rivals]
            test = f", by {self.test}" if self.test else ""
            yield f"{self.subject} {' but '.join(outcomes)}{sample}{test}"
        yield from further


def verdict_sentence(verdict: Verdict) -> str:
    """The verdict as a sentence."""
    return f"{capitalized(str(verdict.message))}."


def default_verdict(
    comparison: DefaultComparison | None,
    by_objective: DefaultTrialFacts | None,
    *,
    has_default: bool,
    metric: str,
    scheme: ValidationScheme,
    members: int,
) -> Verdict | None:
    """The comparison on the test part or, if there is none, that by the objectives of trials; else None.

    For the other arguments see `against_train` and `against_default_trial`.
    """
    if comparison is not None:
        return against_train(comparison, has_default=has_default)
    if by_objective is not None:
        return against_default_trial(by_objective, metric, scheme, members=members)
    return None


def against_train(comparison: DefaultComparison, *, has_default: bool) -> Verdict:
    """Whether a search is better than `fnnctl train`, on the test part.

    `has_default` says whether the search has the run of the default settings.
    """
    kind, subject, default = (
        "against_default",
        "the search",
        f"the default settings (trial {comparison.trial})",
    )

    def unknown(reason: str, *remarks: str) -> Verdict:
        return Verdict(kind, subject, unknown=(TRAIN, reason), remarks=remarks)

    match comparison.outcome:
        case "only_default":
            seconds = comparison.seconds_planned
            plan = [] if seconds is None else [f"the whole plan takes {estimate_text(seconds)}"]
            return unknown(f"only {default} were completed", *plan)
        case "same":
            remark = f"it chose {default} alone"
            return Verdict(kind, subject, (Rivals(TRAIN, "same"),), remarks=(remark,))
        case "no_time":
            return unknown(
                "the default settings were not trained to their end",
                f"continue with --resume, or compare it with a run of {TRAIN}",
            )
        case "diverged":
            return unknown("its training diverges with the default settings")
    if not comparison.metrics:
        return unknown("no metric of the search can be compared on the test part")
    first, worse = comparison.metrics[0], comparison.is_worse
    return Verdict(
        kind,
        subject,
        (Rivals(TRAIN, first.verdict, (first.p,)),),
        tuple(ComparedValue(metric.metric, metric.search, metric.default) for metric in comparison.metrics),
        f"on the {counted(comparison.rows, 'test row')}",
        remarks=(f"the network of {TRAIN} is in {names.DEFAULT}/",) if worse and has_default else (),
        is_warning=worse,
    )


def against_default_trial(
    comparison: DefaultTrialFacts, metric: str, scheme: ValidationScheme, *, members: int = 1
) -> Verdict:
    """Whether the winner of a search is better than the default trial, by their objectives.

    Unless the scheme trains ensembles, a trial has one network per split, even if `fnnctl train` trains
    several `members`.
    """
    kind, subject = "against_default_trial", f"trial {comparison.winner}"
    if comparison.trial is None:
        unknown = "the default settings", "they were not tried"
        return Verdict(kind, subject, unknown=unknown, remarks=("write search.start_from: defaults",))
    with_one = " with one network" if members > 1 and not scheme.trains_ensembles else ""
    default = f"the default settings{with_one} (trial {comparison.trial})"
    if comparison.trial == comparison.winner:
        return Verdict(kind, "no trial", (Rivals(default, "better"),))
    if comparison.objectives is None or comparison.budget is None:
        return Verdict(kind, subject, unknown=(default, "they have no result after as many epochs"))
    values = (ComparedValue(metric, *comparison.objectives),)
    sample = f"after {counted(comparison.budget, 'epoch')}"
    can_confirm = scheme.no_confirmation is None
    confirm = RAISE_TOP if comparison.unconfirmed else f"write {CONFIRM}"
    if comparison.p is None:
        reason = "one validation part does not say how much of that is chance" if can_confirm else ""
        remarks = (confirm,) if can_confirm else ()
        return Verdict(kind, subject, (), values, sample, unknown=(default, reason), remarks=remarks)
    is_tie = is_doubtful(comparison)
    correction = f"corrected for choosing the best of {comparison.compared + 1:,} trials"
    advice = f"keep those, or {confirm}" if comparison.compared and can_confirm else "keep those"
    return Verdict(
        kind,
        subject,
        (Rivals(default, "tie" if is_tie else "better", (comparison.p,)),),
        values,
        sample,
        correction if comparison.compared > 1 else "",
        remarks=(advice,) if is_tie else (),
        is_warning=is_tie,
    )


def against_leaders(confirmation: Confirmation) -> Verdict:
    """Whether the winner is better than the other leaders of a complete confirmation."""
    kind, winner, seeds = "against_leaders", confirmation.winner, confirmation.compared_seeds
    subject, compared = f"trial {winner.trial}", "the other trials"
    if confirmation.chosen is None:
        reason = f"no trial has a result for each of the {confirmation.seeds:,} seeds"
        remark = f"{subject}, the best of the search, remains the winner"
        return Verdict(kind, subject, unknown=(compared, reason), remarks=(remark,))
    remarks = tuple(_without_results(confirmation))
    comparisons = confirmation.comparisons
    if not comparisons:
        is_single = seeds == 1 and confirmation.ranked[1].mean is not None
        reason = "one seed cannot tell" if is_single else "none of them has a result for every seed"
        return Verdict(kind, subject, unknown=(compared, reason), remarks=remarks)
    beaten = [trial for trial, comparison in comparisons.items() if not comparison.is_tie]
    outcomes: dict[Outcome, list[int]] = {"better": beaten, "tie": confirmation.tied}
    equals = [leader.trial for leader in confirmation.ranked[1:] if leader.mean == winner.mean]
    if equals:
        remarks = (f"{trials_text(equals)} had the same mean, and came later in the search", *remarks)
    return Verdict(
        kind,
        subject,
        tuple(
            Rivals(trials_text(trials), outcome, tuple(comparisons[trial].p_holm for trial in trials))
            for outcome, trials in outcomes.items()
            if trials
        ),
        sample=f"over {counted(seeds, 'seed')}",
        test="the corrected resampled t-test" + (" with Holm's correction" if len(comparisons) > 1 else ""),
        remarks=(*_reach(confirmation), *remarks),
    )


def left_out_sentence(confirmation: Confirmation) -> str | None:
    """Which seeds do not count; None if all do."""
    if not confirmation.left_out:
        return None
    metric = capitalized(label_of(confirmation.metric))
    if not confirmation.compared_seeds:
        return f"{metric} is undefined on the validation rows of every seed."
    seeds = "seed" if len(confirmation.left_out) == 1 else "seeds"
    which = f"{seeds} {joined_words([*map(str, confirmation.left_out)])}"
    return (
        f"{metric} is undefined on the validation rows of {which}: the trials are compared with the other "
        f"{counted(confirmation.compared_seeds, 'seed')}."
    )


def _reach(confirmation: Confirmation) -> Iterator[str]:
    """Up to where the intervals of the tied trials reach, if one of them reaches beyond 0."""
    sign = 1 if confirmation.direction == "maximize" else -1
    ends = {
        trial: max(sign * end for end in interval)
        for trial in confirmation.tied
        if (interval := confirmation.comparisons[trial].test.ci95)
    }
    trial = max(ends, key=ends.__getitem__, default=None)
    if trial is not None and ends[trial] > 0:
        yield f"the difference may be up to {number(ends[trial])} in favour of trial {trial}"


def _without_results(confirmation: Confirmation) -> Iterator[str]:
    for leader in confirmation.leaders:
        if leader.failed:
            yield (
                f"trial {leader.trial} has no result with {len(leader.failed):,} of {confirmation.seeds:,} "
                f"seeds ({leader.failed[0].reason or 'its objective is not a number'}), so it cannot win"
            )


def trials_text(numbers: Sequence[int]) -> str:
    """`trial 3`, `trials 1 and 3`."""
    return f"{'trial' if len(numbers) == 1 else 'trials'} {joined_words([*map(str, numbers)])}"


def optimism_text(optimism: float) -> str:
    """Whether a score by which something was chosen is too good, and by how much."""
    return f"optimistic by {number(optimism)}" if optimism > 0 else "not optimistic"
