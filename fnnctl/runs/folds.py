"""The results of a cross-validation's folds on disk: tables, and files from which it can be resumed.

Each completed stack of folds leaves such a file. It holds the networks' outputs for the test rows, from which
the scores are recomputed with the same bits.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from fnnctl.errors import DataError, MachineError
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.data_sizes import by_size, share_suffix, size_table
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.fold_results import FoldResult, Metrics, fold_metrics, fold_table, history_rows
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from fnnctl.store.weights import Array
from fnnctl.tasks.decoder import FittedValues
from fnnctl.tasks.task import TaskData
from fnnctl.training.state import State, extract_part, merge_parts
from fnnctl.training.trainer import Outcome

FORMAT: Final = 3
"""Incremented whenever the names or meanings of the arrays change."""
_OUTCOMES: Final = tuple(Outcome)
_HISTORY: Final = "history"


def keep_folds(
    run: OpenRun, validation: CrossValidation, results: Mapping[int, FoldResult], *, seconds: float
) -> int:
    """Save the results (by index in `all_fits`) of the folds that were not interrupted; return how many.

    `seconds` is how long training has taken so far. If the file cannot be written, it is skipped, and a
    resumed run trains these folds again.
    """
    ended = {fold: result for fold, result in results.items() if result.outcome is not Outcome.INTERRUPTED}
    if not ended:
        return 0
    head = {"format": np.array(FORMAT), "seconds": np.array(seconds)}
    parts = {str(fold): _arrays(validation, fold, result) for fold, result in ended.items()}
    try:
        run.write_fold_file(min(ended), merge_parts({"kept": head, **parts}))
    except (MachineError, MemoryError) as error:
        run.log(f"folds {sorted(fold + 1 for fold in ended)} cannot be saved: {error or 'out of memory'}")
        return 0
    return len(ended)


def load_folds(
    run: OpenRun, validation: CrossValidation, note: Callable[[str], None]
) -> tuple[dict[int, FoldResult], float]:
    """The saved results by index in `all_fits`, and the seconds that training them took.

    Unusable files are reported, and their folds are trained again.
    """
    results: dict[int, FoldResult] = {}
    seconds = 0.0
    for file in run.fold_files():
        try:
            arrays = run.read_fold_file(file)
            head = extract_part(arrays, "kept")
            if not np.array_equal(head.get("format", ()), FORMAT):
                raise ValueError("it was not written by this version of fnnctl")
            folds = sorted({name.partition(".")[0] for name in arrays} - {"kept"})
            results |= {
                int(fold): _result(validation, int(fold), extract_part(arrays, fold)) for fold in folds
            }
            seconds = max(seconds, float(head["seconds"]))
        except (DataError, MachineError, LookupError, TypeError, ValueError) as error:
            message = f"some saved folds cannot be used and are trained again: {error}"
            note(message)
            run.log(message)
    return results, seconds


def write_folds(
    run: OpenRun, validation: CrossValidation, results: Sequence[FoldResult | None]
) -> list[Metrics | None]:
    """Write the results per fold, however training ended, and return the metrics per fold.

    `results` has one per fit of all sizes. What is returned and the tables are those of the largest size;
    only data_size.csv has all of them.
    """
    if validation.experiment.evaluation.sizes is not None:
        run.write_table(names.DATA_SIZE, *size_table(validation, results))
    for size, size_results in by_size(validation, results):  # the largest is the last one
        epochs, stopped = sum(result.epochs for result in size_results if result), _outcomes(size_results)
        run.log(f"{epochs} epochs in {len(size_results)} folds{share_suffix(size)}: {stopped}")
    run.record({"training": {"epochs": epochs, "stopped": f"of {len(size_results)} folds: {stopped}"}})
    metrics = fold_metrics(size_results)
    run.write_table(names.HISTORY, *history_rows(validation, size_results))
    run.write_table(names.CROSS_VALIDATION, *fold_table(validation, size_results, metrics))
    return metrics


def _outcomes(results: Sequence[FoldResult | None]) -> str:
    """How many folds ended in which way."""
    outcomes = Counter(str(result.outcome) if result else "not begun" for result in results)
    return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())


def _arrays(validation: CrossValidation, fold: int, result: FoldResult) -> State:
    best, fitted = result.best_epoch, result.fitted
    values: dict[str, Any] = {
        "outcome": _OUTCOMES.index(result.outcome),
        "epochs": result.epochs,
        "best_epoch": 0 if best is None else best,
        "temperature": _number(fitted.temperature),
        "threshold": _number(fitted.threshold),
        "class_weights": fitted.class_weights or (),
        "target_residuals": fitted.target_residuals,
    }
    arrays: dict[str, Array] = {name: np.array(value) for name, value in values.items()}
    if result.outputs is not None:
        arrays["outputs"] = np.ascontiguousarray(result.outputs)
    history = {name: np.array(values) for name, values in result.history.items()}
    identity = _identity(validation.data, validation.all_fits[fold])
    return merge_parts({"fold": {**arrays, **identity}, _HISTORY: history})


def _result(validation: CrossValidation, fold: int, arrays: State) -> FoldResult:
    data, fit = validation.data, validation.all_fits[fold]
    stored, history = extract_part(arrays, "fold"), extract_part(arrays, _HISTORY)
    if any(not np.array_equal(stored[name], value) for name, value in _identity(data, fit).items()):
        raise ValueError("they belong to another configuration or to other rows")
    result = FoldResult(
        outcome=_OUTCOMES[int(stored["outcome"])],
        epochs=int(stored["epochs"]),
        best_epoch=int(stored["best_epoch"]) or None,
        history={name: values.tolist() for name, values in history.items()},
        fitted=FittedValues(
            _number_or_none(stored["temperature"]),
            _number_or_none(stored["threshold"]),
            tuple(stored["class_weights"].tolist()) or None,
            tuple(np.asarray(stored.get("target_residuals", ())).tolist()),
        ),
    )
    if "outputs" in stored:
        result = result.scored(data, fit, stored["outputs"])
    return result.without_outputs()


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _number_or_none(stored: Array) -> float | None:
    value = float(stored)
    return None if math.isnan(value) else value


def _identity(data: TaskData, fit: Fit) -> State:
    """The arrays that identify a fold: its seed, and a checksum of the rows of all parts."""
    split, checksum = fit.split(data), 0
    for rows in (split.train, split.validation, split.test):
        checksum = zlib.crc32(rows.tobytes(), checksum)
    return {"seed": np.array(fit.seed, np.uint64), "rows": np.array(checksum, np.uint32)}
