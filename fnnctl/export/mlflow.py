"""The format `mlflow`: a run, or a search with its trials, in MLflow's tracking."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from fnnctl.export.format import Exported, ExportFormat, missing_library

if TYPE_CHECKING:
    from fnnctl.context import Context
    from fnnctl.store.folder import RunFolder

NAME: Final = "mlflow"


def _export(run: RunFolder, output: str | None, context: Context) -> Exported:
    """Log the run to MLflow's tracking URI, which is its own default if the user names none."""
    if find_spec("mlflow") is None:
        raise missing_library(NAME, "mlflow")
    from fnnctl.export.artifacts import artifacts
    from fnnctl.export.mlflow_client import log_run
    from fnnctl.export.tracked_run import tracked_run
    from fnnctl.store.atomic import scratch_folder

    tracked, experiment = tracked_run(run), run.read_manifest().name
    with scratch_folder() as scratch:
        logged = log_run(tracked, experiment, artifacts(run, scratch, context), output)
    lines = [f"logged {tracked.name} in the experiment {logged.experiment} of {logged.uri}"]
    if logged.uri.startswith("sqlite:"):
        lines.append(f"to look at it: mlflow ui --backend-store-uri {logged.uri}")
    facts = {"run_id": logged.run_id, "trials": len(tracked.children)}
    return Exported(NAME, run.path, logged.uri, facts=facts, lines=tuple(lines))


MLFLOW: Final = ExportFormat(
    name=NAME, label="a run in MLflow's tracking", takes=lambda run: True, export=_export
)
