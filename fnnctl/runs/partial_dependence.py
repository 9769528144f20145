"""Measures what a run's network does with its columns, and writes that into the run's folder."""

from __future__ import annotations

from collections.abc import Sequence

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


def measure_partial_dependence(
    network: MeasuredNetwork,
    columns: int | Sequence[str],
    pairs: Sequence[Pair] = (),
    importances: FeatureImportances | None = None,
) -> PartialDependence:
    """The partial dependence on rows that the network was trained on; of an evaluation, on its file.

    `columns` are names, or the number of the most important columns. Which ones these are is measured, too,
    unless that is known: from `importances` or the table in the folder. The tables and the figures are
    written where those of the importance are. Raises `InputError` if the network reads no such column.
    """
    network.model.refuse_several("partial dependence")
    context, count = network.context, columns if isinstance(columns, int) else 0
    varied = VariedColumns(() if isinstance(columns, int) else columns, pairs)
    varied.check(network.model)
    if count:
        importances = importances or read_importances(network.folder) or measure_importance(network)
        varied = VariedColumns([column.column for column in importances.columns[:count]], pairs)
    if network.evaluated is None:
        rows = VariedRows.of_run(network.model, network.held_out, varied.names, network.seed, context.note)
    else:
        file = network.evaluated_file()
        rows = VariedRows.of_file(network.model, file, varied.names, network.seed, context.note)
    total = len(varied.columns) + len(varied.pairs)
    with context.listener.columns(total, "partial dependence") as on_done:
        dependence = partial_dependence(rows, network.model.predictor, varied, on_done=on_done)
    if dependence.columns:
        network.write(names.PARTIAL_DEPENDENCE, lambda: write_curves(network.folder, dependence))
    if dependence.pairs:
        network.write(names.PAIR_DEPENDENCE, lambda: write_surfaces(network.folder, dependence))
    return dependence
