"""Logs tracked runs with MLflow's client. Only this file imports MLflow."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from itertools import zip_longest
from typing import Any, Final

from fnnctl.errors import UsageError
from fnnctl.export.artifacts import ArtifactFile
from fnnctl.export.tracked_run import Outcome, TrackedRun
from fnnctl.text import plain_text, truncate_end

TRAINING: Final = {"mlflow.experimentKind": "custom_model_development"}
"""The kind of a new experiment, so that MLflow's page shows runs first."""
MAX_METRICS: Final = 900
MAX_PARAMETERS: Final = 100
"""How many of both MLflow takes together in one request."""
MAX_PARAMETER_CHARACTERS: Final = 500
"""Those of the oldest servers; the config is among the artifacts."""
MAX_TAG_CHARACTERS: Final = 5000
_STATUSES: Final[Mapping[Outcome, str]] = {
    "running": "RUNNING", "finished": "FINISHED", "failed": "FAILED", "killed": "KILLED",
}  # fmt: skip
_NO_TELEMETRY: Final = "MLFLOW_DISABLE_TELEMETRY"
_EXPERIMENT: Final = "MLFLOW_EXPERIMENT_NAME"


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """Where a run was logged."""

    uri: str
    experiment: str
    run_id: str


def log_run(
    run: TrackedRun, experiment: str, artifacts: Iterable[ArtifactFile], uri: str | None
) -> LoggedRun:
    """Log a run and those below it to a tracking URI, by default MLflow's own.

    The experiment is that of MLflow's environment variable, if it is set. A run that cannot be logged
    completely is deleted. Raises `UsageError` with MLflow's own words.
    """
    with _quiet():
        from mlflow import MlflowClient, get_tracking_uri
        from mlflow.exceptions import MlflowException

        uri = uri or get_tracking_uri()
        experiment = os.environ.get(_EXPERIMENT) or experiment
        try:
            client = MlflowClient(tracking_uri=uri)
            record = client.get_experiment_by_name(experiment)
            experiment_id = (
                client.create_experiment(experiment, tags=TRAINING)
                if record is None
                else record.experiment_id
            )
            run_id = _log(client, run, experiment_id)
            try:
                for path, folder in artifacts:
                    client.log_artifact(run_id, str(path), folder or None)
                for child in run.children:
                    _log(client, child, experiment_id, parent=run_id)
            except BaseException:
                client.delete_run(run_id)
                raise
        except (MlflowException, ImportError) as error:  # its database needs libraries of certain versions
            raise UsageError(f"--format mlflow: {uri}: {plain_text(str(error))}") from error
    return LoggedRun(uri, experiment, run_id)


def _log(client: Any, run: TrackedRun, experiment_id: str, parent: str | None = None) -> str:
    """Log one run without its files, and return its id."""
    from mlflow.entities import Metric, Param

    parent_tags = {} if parent is None else {"mlflow.parentRunId": parent}
    logged = client.create_run(
        experiment_id, _milliseconds(run.start), tags={**_tags(run), **parent_tags}, run_name=run.name
    )
    run_id: str = logged.info.run_id
    # The history has no times: all metrics have that of the run's end.
    time = _milliseconds(run.end) or _milliseconds(run.start) or 0
    metrics = [
        Metric(name, value, time, step) for name, points in run.metrics.items() for step, value in points
    ]
    parameters = [
        Param(name, truncate_end(value, MAX_PARAMETER_CHARACTERS)) for name, value in run.parameters.items()
    ]
    parts = zip_longest(_parts(metrics, MAX_METRICS), _parts(parameters, MAX_PARAMETERS), fillvalue=())
    for some_metrics, some_parameters in parts:
        client.log_batch(run_id, metrics=some_metrics, params=some_parameters)
    client.set_terminated(run_id, _STATUSES[run.outcome], _milliseconds(run.end))
    return run_id


def _tags(run: TrackedRun) -> dict[str, str]:
    """The run's tags, and those that MLflow's page has columns for."""
    tags = {f"fnnctl.{name.replace(' ', '_')}": value for name, value in run.tags.items()}
    tag_names = {"mlflow.source.git.commit": "git.commit", "mlflow.note.content": "notes"}
    tags |= {name: run.tags[ours] for name, ours in tag_names.items() if ours in run.tags}
    tags |= {"mlflow.source.name": "fnnctl", "mlflow.source.type": "LOCAL"}
    return {name: truncate_end(value, MAX_TAG_CHARACTERS) for name, value in tags.items()}


def _parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)


@contextmanager
def _quiet() -> Iterator[None]:
    """MLflow neither reports on its database nor sends usage data; afterwards all is as before."""
    before = os.environ.get(_NO_TELEMETRY)
    os.environ[_NO_TELEMETRY] = "true"
    import_module("mlflow")  # sets the level of its logger
    loggers = {name: logging.getLogger(name) for name in ("mlflow", "alembic")}
    levels = {name: logger.level for name, logger in loggers.items()}
    try:
        for logger in loggers.values():
            logger.setLevel(logging.WARNING)
        yield
    finally:
        for name, logger in loggers.items():
            logger.setLevel(levels[name])
        if before is None:
            del os.environ[_NO_TELEMETRY]
        else:
            os.environ[_NO_TELEMETRY] = before
