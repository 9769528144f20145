"""A search's plan as a document: brackets and rungs, trials, epochs, and the estimated time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnnctl.report.blocks import Notes, Table
from fnnctl.report.document import Document, block_section, merge_blocks
from fnnctl.report.words import estimate_text
from fnnctl.text import bound_prefix, counted, epoch_noun


def plan_document(plan: Mapping[str, Any]) -> Document:
    """The object of `plan --json` as a document."""
    rows = tuple(
        (
            str(bracket["bracket"]) if index == 0 else "",
            str(index),
            f"{rung['trials']:,}",
            f"{rung['epochs']:,}",
        )
        for bracket in plan["brackets"]
        for index, rung in enumerate(bracket["rungs"])
    )
    rungs = Table("Brackets and rungs", ("bracket", "rung", "trials", "epochs"), rows, texts=())
    blocks = merge_blocks((rungs, Notes("What it takes", tuple(_costs(plan)))))
    return Document(_title(plan), _epochs(plan), tuple(map(block_section, blocks)))


def _title(plan: Mapping[str, Any]) -> str:
    method = f"{plan['method']} ({plan['sampler']})" if plan.get("sampler") else plan["method"]
    few = plan.get("only_configurations")
    few_words = "" if few is None else f", as the space has only {counted(few, 'configuration')}"
    option = plan.get("for_more_trials")
    more = f", as search.trials allows no more: add {option}" if option else ""
    # A plan's bound is that of epochs, unless the cost may end the search earlier or later.
    bound = bound_prefix("about" if plan.get("epochs_bound") == "about" else None)
    return f"{method}: {bound}{counted(plan['trials'], 'trial')}{few_words}{more}"


def _epochs(plan: Mapping[str, Any]) -> str:
    """The epochs of the trials, and what the same rungs would take without reuse."""
    noun = epoch_noun(plan["fits"] // max(1, plan["trials"]))
    bound = bound_prefix(plan.get("epochs_bound"))
    text = f"{bound}{counted(plan['epochs_with_reuse'], noun)}"
    if plan["epochs_from_scratch"] != plan["epochs_with_reuse"]:
        text += f" ({bound}{plan['epochs_from_scratch']:,} if every rung trained from scratch)"
    return text


def _costs(plan: Mapping[str, Any]) -> Iterator[str]:
    """What comes to the epochs of the trials, the time of all, and the notes of the plan."""
    if (cost := plan.get("cost")) is not None:
        yield f"no trial begins after a cost of {cost:.3g} epochs × rows × parameters"
    if confirm := plan.get("confirm"):
        networks = counted(confirm["fits"], "network")
        yield f"{counted(confirm['epochs'], 'epoch')} more to confirm the winner: {networks}"
    if default := plan.get("compare_with_default"):
        yield f"up to {counted(default['epochs'], 'epoch')} more to compare the result with `fnnctl train`"
    yield _duration(plan["seconds_estimated"])
    if simulation := plan.get("simulation"):
        yield f"simulated on {counted(simulation['workers'], 'worker')}: {_duration(simulation['seconds'])}"
        yield (
            f"workers are busy {simulation['busy']:.0%} of the time; {simulation['waiting']:.0%} of the "
            "results wait for earlier ones"
        )
    yield from plan.get("notes", ())


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "duration unknown: none of the sampled configurations can be trained"
    return estimate_text(seconds)
