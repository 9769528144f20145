"""Measures what a run's network does with its columns, and writes that into the run's folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from fnnctl.metrics.feature_importance import FeatureImportances
from fnnctl.metrics.partial_dependence import PartialDependence
from fnnctl.modelling.explanations.partial_dependence import (
    Pair,
    VariedColumns,
    VariedRows,
    partial_dependence,
)
from fnnctl.report.stored_dependence import write_curves, write_surfaces
from fnnctl.report.stored_importances import read_importances
from fnnctl.runs.feature_importance import measure_importance
from fnnctl.runs.measured_network import MeasuredNetwork
from fnnctl.store import names
from fnnctl.store.folder import RunFolder


def measure_partial_dependence(
    network: MeasuredNetwork,
    columns: int | Sequence[str],
    pairs: Sequence[Pair] = (),
    importances: FeatureImportances | None = None,
) -> PartialDependence:
    """The partial dependence on rows that the network was trained on; of an evaluation, on its file.

    `columns` are names, or the number of the most important columns. Which ones these are is measured, too,
    unless that is known: from `importances` or the table in the folder. Each of several targets has its own.
    The tables and the figures are written where those of the importance are. Raises `InputError` if the
    network reads no such column.
    """
    context, count = network.context, columns if isinstance(columns, int) else 0
    varied = VariedColumns(() if isinstance(columns, int) else columns, pairs)
    varied.check(network.model)
    of_targets: dict[str, list[str]] = {}
    if count:
        importances = importances or read_importances(network.folder) or measure_importance(network)
        of_targets = {
            target: [column.column for column in of_target.columns[:count]]
            for target, of_target in _importances_of_targets(network, importances).items()
        }
        varied = VariedColumns([*dict.fromkeys(chain(*of_targets.values()))], pairs)
    if network.evaluated is None:
        rows = VariedRows.of_run(network.model, network.held_out, varied.names, network.seed, context.note)
    else:
        file = network.evaluated_file()
        rows = VariedRows.of_file(network.model, file, varied.names, network.seed, context.note)
    total = len(varied.columns) + len(varied.pairs)
    with context.listener.columns(total, "partial dependence") as on_done:
        dependence = partial_dependence(rows, network.model.predictor, varied, on_done=on_done)
    if count:
        dependence = dependence.of_columns(of_targets)
    if varied.columns:
        network.write(names.PARTIAL_DEPENDENCE, lambda: _write(network, dependence, write_curves))
    if varied.pairs:
        network.write(names.PAIR_DEPENDENCE, lambda: _write(network, dependence, write_surfaces))
    return dependence


def _importances_of_targets(
    network: MeasuredNetwork, importances: FeatureImportances
) -> dict[str, FeatureImportances]:
    """Those of each target; of one that has none, such as for want of rows, those of all targets."""
    folders = network.target_folders
    if len(folders) == 1:
        return dict.fromkeys(folders, importances)
    return {
        target: importances.of_targets.get(target) or read_importances(folder) or importances
        for target, folder in folders.items()
    }


def _write(
    network: MeasuredNetwork,
    dependence: PartialDependence,
    write: Callable[[RunFolder, PartialDependence], None],
) -> None:
    """Write that of each target into its folder."""
    for target, folder in network.target_folders.items():
        write(folder, dependence.of_targets.get(target, dependence))
