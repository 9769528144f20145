"""A search's plan as a table: brackets and rungs, trials, epochs, and the estimated time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fnnctl.report.words import estimate_text
from fnnctl.text import bound_prefix, counted, epoch_noun


def plan_report(plan: Mapping[str, Any]) -> RenderableType:
    """Render the object of `plan --json` as a table."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("bracket", "rung", "trials", "epochs"):
        table.add_column(heading, justify="right", no_wrap=True)
    for bracket in plan["brackets"]:
        for index, rung in enumerate(bracket["rungs"]):
            number = str(bracket["bracket"]) if index == 0 else ""
            table.add_row(number, str(index), f"{rung['trials']:,}", f"{rung['epochs']:,}")
    folds = plan["fits"] // max(1, plan["trials"])
    method = f"{plan['method']} ({plan['sampler']})" if plan.get("sampler") else plan["method"]
    few = plan.get("only_configurations")
    few_words = "" if few is None else f", as the space has only {counted(few, 'configuration')}"
    option = plan.get("for_more_trials")
    more = f", as search.trials allows no more: add {option}" if option else ""
    lines = [
        f"{method}: {bound_prefix(_trials_bound(plan))}{counted(plan['trials'], 'trial')}{few_words}{more}",
        *_cost(plan),
        _epochs(plan, epoch_noun(folds)),
        *_confirmation(plan.get("confirm")),
        *_default_training(plan.get("compare_with_default")),
        _duration(plan["seconds_estimated"]),
    ]
    if simulation := plan.get("simulation"):
        lines += [
            f"simulated on {counted(simulation['workers'], 'worker')}: {_duration(simulation['seconds'])}",
            f"workers are busy {simulation['busy']:.0%} of the time; {simulation['waiting']:.0%} of the "
            "results wait for earlier ones",
        ]
    lines += plan.get("notes", ())
    return Group(Text(lines[0]), Text(), table, Text(), *(Text(line) for line in lines[1:]))


def _trials_bound(plan: Mapping[str, Any]) -> str | None:
    """`about` if the cost may end the search earlier or later; a plan's bound is otherwise that of epochs."""
    bound: str | None = plan.get("epochs_bound")
    return bound if bound == "about" else None


def _cost(plan: Mapping[str, Any]) -> list[str]:
    cost = plan.get("cost")
    return [] if cost is None else [f"no trial begins after a cost of {cost:.3g} epochs × rows × parameters"]


def _epochs(plan: Mapping[str, Any], noun: str) -> str:
    """The epochs of the trials, and what the same rungs would take without reuse."""
    bound = bound_prefix(plan.get("epochs_bound"))
    text = f"{bound}{counted(plan['epochs_with_reuse'], noun)}"
    if plan["epochs_from_scratch"] != plan["epochs_with_reuse"]:
        text += f"; {bound}{plan['epochs_from_scratch']:,} if every rung trained from scratch"
    return text


def _confirmation(confirm: Mapping[str, int] | None) -> list[str]:
    if not confirm:
        return []
    fits = counted(confirm["fits"], "network")
    return [f"{counted(confirm['epochs'], 'epoch')} more to confirm the winner: {fits}"]


def _default_training(default: Mapping[str, int] | None) -> list[str]:
    if not default:
        return []
    return [f"up to {counted(default['epochs'], 'epoch')} more to compare the result with `fnnctl train`"]


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "duration unknown: none of the sampled configurations can be trained"
    return estimate_text(seconds)
