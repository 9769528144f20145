"""Is the ensemble of a search better than what `fnnctl train` gives, which is the default trial at its end?

The rows that select an ensemble flatter it, and out of bag an average of many trials has more networks per
row than a single trial. So the two are compared on the test part, by which nothing is chosen.
"""

from __future__ import annotations

from fnnctl.config.schema.training import TrainingConfig
from fnnctl.metrics.comparison.rows import paired_difference
from fnnctl.records.standings import finite_objective
from fnnctl.report.comparison.pairs import verdict
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.trained_trials import TrainedTrials
from fnnctl.seeds import Purpose, stream
from fnnctl.stacks.bagged_ensemble import trained_predictor
from fnnctl.store.manifest import BesideDefault, ComparedMetric
from fnnctl.tasks.task import PartScores


def beside_default(
    session: SearchSession, trials: TrainedTrials, ensemble: PartScores | None
) -> BesideDefault | None:
    """The facts about an ensemble's scores of the test part beside those of the default trial.

    Nothing is compared if the default trial has diverged, or if the search has no time to train it to its
    end. None without a test part, or if the default settings are no trial.
    """
    trial, data = session.default_trial, session.search.loaded.data
    if ensemble is None or trial is None:
        return None
    result = session.standings.latest.get(trial)
    has_result = result is not None and finite_objective(result) is not None
    trained = trials.at_end(result) if result is not None and has_result else None
    if trained is None:
        return BesideDefault(trial=trial, at_end=False, rows=len(session.search.split.test), metrics=[])
    predictor, _ = trained_predictor(data, trained, session.post_training)
    rows = trained.fit.split(data).test
    default = data.score(rows, predictor.column_scores([(data.dataset, rows)]), predictor.decoder)
    metrics = dict.fromkeys([session.setup.settings.objective.metric, data.task.default_metric])
    compared = (compared_metric(metric, ensemble, default) for metric in metrics)
    return BesideDefault(
        trial=trial,
        epochs=_other_epochs(trained.fit.experiment.training, session.setup.experiment.training),
        rows=len(rows),
        metrics=list(filter(None, compared)),
    )


def _other_epochs(trial: TrainingConfig, config: TrainingConfig) -> int | None:
    """The epochs of the default trial; None if it has those of the config, as `fnnctl train` does.

    Its learning rate may also be that of another horizon, as in a search whose largest budget was raised.
    """
    of_trial, of_train = (
        (training.epochs, training.horizon or training.epochs) for training in (trial, config)
    )
    return None if of_trial == of_train else trial.epochs


def compared_metric(metric: str, ensemble: PartScores, default: PartScores) -> ComparedMetric | None:
    """Both values of a metric on the same rows, and the test of their difference.

    None if the metric has no value here, or does not follow from rows.
    """
    first, second = ensemble.measure(metric), default.measure(metric)
    if first is None or second is None:
        return None
    difference = paired_difference(first, second, stream(0, Purpose.BOOTSTRAP))
    return ComparedMetric(
        metric=metric,
        ensemble=first.value,
        default=second.value,
        difference=difference.value,
        ci95=difference.ci95,
        p=difference.p,
        verdict=verdict(difference.value, difference.p, metric),
    )
