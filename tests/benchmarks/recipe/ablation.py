"""The ablation: what each part of a recipe gains, and what it costs, on rows inside the training folds."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.recipe.intervals import compare, mean_ratio
from tests.benchmarks.recipe.measurements import Contender, Measured
from tests.benchmarks.recipe.parts import Part, Settings

FULL = "full recipe"
HEADER = (
    f"{'':32} {'gain (95 % interval)':>25} {'log loss':>28} {'better/worse':>13} {'count':>7} {'time':>7}"
)


def contenders(recipe: Settings, parts: Sequence[Part]) -> list[Contender]:
    """The recipe, and the recipe without each part or with each candidate."""
    return [Contender(FULL, recipe), *(Contender(part.name, recipe, part.settings) for part in parts)]


def table(measured: Sequence[Measured], parts: Sequence[Part]) -> list[str]:
    """One row per part and kind of task. A gain is that of having the part; so is its cost.

    Gains are in points of accuracy, or of R²; a lower log loss is better. `count` is the geometric mean over
    the tables of the ratio of epochs × rows × parameters × members, with the epochs that were trained; `time`
    that of the seconds.
    """
    lines: list[str] = []
    for kind in (True, False):
        chosen = [each for each in measured if each.is_classification is kind and each.has(FULL)]
        if chosen:
            lines += [
                *_heading(chosen, kind),
                *(_row(chosen, part, kind) for part in parts if any(each.has(part.name) for each in chosen)),
                "",
            ]
    return lines


def _heading(measured: Sequence[Measured], is_classification: bool) -> list[str]:
    name = "classification" if is_classification else "regression"
    mean = sum(each.score(FULL) for each in measured) / len(measured)
    metric = "accuracy" if is_classification else "R²"
    seconds = sum(each.mean(FULL, "seconds") for each in measured)
    full = f"{name}, {len(measured)} tables: {metric} of the full recipe {mean:.4f}, {seconds:.0f} s"
    if is_classification:
        full += f", log loss {sum(each.log_loss(FULL) for each in measured) / len(measured):.4f}"
    return [full, HEADER]


def _row(measured: Sequence[Measured], part: Part, is_classification: bool) -> str:
    measured = [each for each in measured if each.has(part.name)]
    having, lacking = (part.name, FULL) if part.is_candidate else (FULL, part.name)

    def values(contender: str, name: str) -> dict[str, float]:
        return {each.table: each.mean(contender, name) for each in measured}

    gain = compare(*({each.table: each.score(who) for each in measured} for who in (having, lacking)))
    losses = None
    if is_classification:
        losses = compare(
            *({each.table: each.log_loss(who) for each in measured} for who in (having, lacking))
        )
    ratios = [mean_ratio(values(having, name), values(lacking, name)) for name in ("cost", "seconds")]
    count, time = (f"×{ratio:.2f}" for ratio in ratios)
    diverged = sum(each.diverged for one in measured for each in one.scored[part.name])
    return (
        f"{('+ ' if part.is_candidate else '  ') + part.name:32} {gain.text(2, 100) if gain else '':>25} "
        f"{losses.text(4) if losses else '':>28} "
        f"{f'{gain.larger}/{gain.smaller}' if gain else '':>13} {count:>7} {time:>7}"
        f"{f'  {diverged} diverged' if diverged else ''}"
    )
