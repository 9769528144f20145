"""Regions around a saved model's predictions: intervals of numbers, and sets of classes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import IntArray
from fnnctl.errors import UsageError
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.weights import ERRORS
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.estimate_columns import level_column
from fnnctl.tasks.joint.decoder import parts_of
from fnnctl.tasks.joint.scores import scores_of_targets
from fnnctl.tasks.regions import (
    DIGITS,
    LEAST_OF_CLASS,
    LEAST_OF_TENTH,
    SET_SEPARATOR,
    TENTHS,
    ErrorTails,
    RegionLimits,
    symmetric_pairs,
)
from fnnctl.tasks.task import PartScores, Task, TaskData
from fnnctl.text import quoted, word_list

if TYPE_CHECKING:  # training writes no more than arrays
    from fnnctl.modelling.saved_model import SavedModel

LEAST_COVERAGE: Final = 0.5
"""A region that misses the truth more often than not is of no use, and smaller errors are not kept."""
LEAST_CHOOSING_ROWS: Final = 250
"""A network is best on the validation rows at the epoch that they have chosen, so its errors are too small.
On simulated tables the coverage was up to 4.8 points too low with 50 such rows, 2.1 with 125, 0.9 with 250
(`tests.benchmarks.coverage nested`).
"""


def error_tails(
    held_out: PartScores | None, data: TaskData, rows: IntArray, *, have_chosen: bool = False
) -> dict[int, ErrorTails]:
    """The errors of rows (n,) that were not trained on, by the number of the target; those that have it
    count. A target without such rows has none.

    Nor has it any if they `have_chosen` something of a network without bags, such as its epoch, and are fewer
    than LEAST_CHOOSING_ROWS.
    """
    tails = {}
    for number, (present, part) in ({} if held_out is None else scores_of_targets(held_out)).items():
        own = rows[present]
        groups = None if data.dataset.groups is None else data.dataset.groups[own]
        independent = len(own if groups is None else np.unique(groups))
        if not have_chosen or independent >= LEAST_CHOOSING_ROWS:
            tails[number] = part.error_tails(groups)
    return {number: of_target for number, of_target in tails.items() if of_target is not None}


def error_arrays(tails: Mapping[int, ErrorTails], task: Task) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a model of this task from which `saved_tails` are read; none without errors."""
    return {
        f"{ERRORS}{f'{number + 1}.' if len(task.tasks) > 1 else ''}{name}": array
        for number, of_target in tails.items()
        for name, array in of_target.to_arrays().items()
    }


def tails_of_targets(model: SavedModel) -> dict[int, ErrorTails]:
    """The errors that a model knows, by the number of the target; see `saved_tails`."""
    tails = {number: saved_tails(of_target) for number, of_target in enumerate(model.of_targets)}
    return {number: of_target for number, of_target in tails.items() if of_target is not None}


def saved_tails(model: SavedModel) -> ErrorTails | None:
    """The errors that a model of one target knows; None if it knows none.

    Raises `DataError` if they are damaged.
    """
    if not model.error_arrays:
        return None
    try:
        decoder, classes = model.predictor.decoder, len(model.predictor.task.classes)
        return ErrorTails.from_arrays(model.error_arrays, classes, decoder.output.levels, decoder.least)
    except (KeyError, ValueError) as error:
        raise damaged(model.run.path / names.WEIGHTS, f"is damaged: {error}") from error


def covering(model: SavedModel, coverage: float) -> tuple[SavedModel, list[str]]:
    """The model whose predictions have the regions of `limits_of`, and notes about them."""
    _check_share(coverage)
    decoders: list[OutputDecoder] = []
    notes: list[str] = []
    of_targets = model.of_targets
    for of_target in of_targets:
        whose = f"{of_target.description.target}: " if len(of_targets) > 1 else ""
        try:
            limits, own_notes = limits_of(of_target, coverage)
        except UsageError as error:
            raise UsageError(f"{whose}{error}") from error
        decoders.append(replace(of_target.predictor.decoder, region=limits))
        notes += [f"{whose}{note}" for note in own_notes]
    predictor = model.predictor
    decoder = parts_of(predictor.decoder).with_parts(decoders) if len(decoders) > 1 else decoders[0]
    return replace(model, predictor=replace(predictor, decoder=decoder)), notes


def limits_of(model: SavedModel, coverage: float) -> tuple[RegionLimits, list[str]]:
    """How far regions of one target reach that hold the truth this often, and notes about them.

    Raises `UsageError` if the model does not know its errors, or too few of them, and `DataError` if they are
    damaged.
    """
    _check_share(coverage)
    if levels := model.predictor.decoder.output.levels:
        coverage = round(coverage, DIGITS)
        _refuse_other_coverages(model, coverage, levels)
    tails = saved_tails(model)
    if tails is None:
        raise UsageError(_no_errors(model))
    if coverage > tails.highest_coverage:
        highest = math.floor(1000 * tails.highest_coverage) / 1000
        advice = f"write at most {highest:g}" if highest >= LEAST_COVERAGE else "more rows are needed"
        raise UsageError(
            f"the rows that {model.run.path} was not trained on are too few for a coverage of {coverage:g}: "
            f"{advice}"
        )
    return tails.limits(coverage), list(_notes(model, tails, coverage))


def _check_share(coverage: float) -> None:
    """Raise `UsageError` unless regions can hold the truth in this share of rows."""
    if not isinstance(coverage, int | float) or not LEAST_COVERAGE <= coverage < 1:
        wanted = f"a share of rows from {LEAST_COVERAGE} to below 1"
        raise UsageError(f"the coverage must be {wanted}, not {quoted(str(coverage))}")


def _refuse_other_coverages(model: SavedModel, coverage: float, levels: Sequence[float]) -> None:
    """Raise `UsageError` unless two levels are as far from 0.5, with this share of targets between them."""
    pairs = symmetric_pairs(levels)
    if coverage in pairs:
        return
    below, above = ((1.0 + sign * coverage) / 2.0 for sign in (-1, 1))
    needed = f"a coverage of {coverage:g} needs the levels {below:.9g} and {above:.9g}"
    there = [
        f"{share:g} ({level_column(levels[low])}, {level_column(levels[high])})"
        for share, (low, high) in pairs.items()
        if share >= LEAST_COVERAGE
    ]
    if there:
        raise UsageError(f"{needed}; {model.run.path} has pairs for {word_list(there)}")
    raise UsageError(
        f"{needed}; {model.run.path} has no pair of levels for an interval: train with "
        f"model.output: {{name: quantile, levels: [{below:.9g}, 0.5, {above:.9g}]}}"
    )


def _no_errors(model: SavedModel) -> str:
    """Why a model has no errors to measure regions by, and how to get one that has."""
    keeps_none = f"{model.run.path} keeps no errors on rows that it was not trained on"
    if not model.histogram_arrays:
        return f"{keeps_none}: {model.why_without_facts}"
    return (
        f"{keeps_none}: there are none, or fewer than {LEAST_CHOOSING_ROWS} that have chosen its epoch or "
        "its temperature, or they have chosen the trials of a search; train with bags, which leave such "
        "rows: model.ensemble: {members: 8, bags: true} and data.split.validation: 0"
    )


def _notes(model: SavedModel, tails: ErrorTails, coverage: float) -> Iterator[str]:
    """What is not as fine as with more rows."""
    classes, pooled = model.predictor.task.classes, tails.pooled(coverage)
    if not pooled:
        return
    if not classes:
        are_equal = "intervals are equally wide for small and large predictions; other widths need"
        if model.predictor.decoder.output.levels:
            are_equal = "the ends of all intervals are moved by the same; other moves need"
        yield (
            f"{are_equal} {TENTHS * LEAST_OF_TENTH:,} rows that were not trained on, "
            f"{LEAST_OF_TENTH} per tenth of the predictions"
        )
        return
    which = word_list([quoted(classes[part]) for part in pooled])
    if len(pooled) == len(classes):
        which = "all classes"
    yield (
        f"{which} share one limit for sets, which holds for them together and not for each: a class needs "
        f"{LEAST_OF_CLASS} rows that were not trained on for a limit of its own, or more for a high coverage"
    )


def refuse_separators(task: Task) -> None:
    """Raise `UsageError` if a set of the classes of a target cannot be written in one field."""
    unwritable = [name for target in task.tasks for name in target.classes if SET_SEPARATOR in name]
    if unwritable:
        raise UsageError(
            f"--coverage: sets are written as a{SET_SEPARATOR}b, but {quoted(unwritable[0])} has a "
            f"{SET_SEPARATOR}; use Predictor.predict_set from Python"
        )
