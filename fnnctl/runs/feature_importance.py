"""Measures which columns matter to the network of a run, and writes that into its folder."""

from __future__ import annotations

import shlex

from fnnctl.metrics.feature_importance import FeatureImportances
from fnnctl.modelling.explanations.feature_importance import (
    HeldOutFeatures,
    feature_importances,
    features_of_file,
    features_of_run,
)
from fnnctl.processors import usable_processors
from fnnctl.report.stored_importances import write_importances
from fnnctl.runs.measured_network import MeasuredNetwork
from fnnctl.store import names


def measure_importance(network: MeasuredNetwork) -> FeatureImportances:
    """The importance of the columns on rows that the network was not trained on.

    The table and the figure are written to the folder of the network's run or, if the run is an evaluation of
    a file, to its own; those of each of several targets, to its folder there. Raises `InputError` if there
    are no such rows.
    """
    context, model = network.context, network.model
    if network.evaluated is None:
        features = features_of_run(model, network.held_out, network.seed, context.note)
    else:
        features = _features_of_evaluation(network)
    threads = max(1, usable_processors() // model.threads)
    with context.listener.columns(len(features.columns), "importance") as on_column:
        importances = feature_importances(
            features, model.predictor, network.seed, threads=threads, on_column=on_column
        )
    network.write(names.FEATURE_IMPORTANCE, lambda: _write(network, importances))
    return importances


def _write(network: MeasuredNetwork, importances: FeatureImportances) -> None:
    """Write the tables of the run and of its targets."""
    write_importances(network.folder, importances)
    for target, folder in network.target_folders.items():
        if of_target := importances.of_targets.get(target):
            write_importances(folder, of_target)


def _features_of_evaluation(network: MeasuredNetwork) -> HeldOutFeatures:
    """The features of the rows that an evaluation scored; raises `DataError` if they have changed."""
    file, trained_on = network.evaluated_file(), network.model.run.read_manifest().data
    if trained_on is not None and trained_on.sha256 == file.sha256:
        path = shlex.quote(str(network.model.run.path))
        better = f"`fnnctl report {path} --importance` uses only the test part"
        network.context.warning(
            f"the network has seen most rows of {file.name}, as it was trained on it: {better}"
        )
    return features_of_file(network.model, file, network.seed, network.context.note)
