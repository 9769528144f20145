"""The format `tensorboard`: a run, or a search with its trials, as event files of TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fnnctl.errors import UsageError
from fnnctl.export.format import Exported, ExportFormat

if TYPE_CHECKING:
    from fnnctl.context import Context
    from fnnctl.export.tracked_run import TrackedRun
    from fnnctl.store.folder import RunFolder

NAME: Final = "tensorboard"


def _export(run: RunFolder, output: str | None, context: Context) -> Exported:
    """Write a folder of the run's name in the log directory; each trial has a folder in it."""
    from fnnctl.export.tracked_run import tracked_run
    from fnnctl.store.atomic import write_new_folder

    if output is None:
        raise UsageError("name the log directory: --output logs")
    tracked = tracked_run(run)
    files = {_file_name(tracked): _content(tracked)}
    for trial in tracked.children:
        files[f"{trial.name.replace(' ', '-')}/{_file_name(trial)}"] = _content(trial)
    folder = Path(output) / tracked.name
    write_new_folder(folder, files)
    lines = (
        f"wrote {folder} ({len(files)} event files)",
        f"to look at it: tensorboard --logdir {output}",
    )
    return Exported(NAME, run.path, str(folder), facts={"files": len(files)}, lines=lines)


def _file_name(run: TrackedRun) -> str:
    return f"events.out.tfevents.{int(_time(run))}.fnnctl"


def _content(run: TrackedRun) -> bytes:
    from fnnctl.export.event_file import event_file

    texts = {name: _table(values) for name, values in (("settings", run.parameters), ("facts", run.tags))}
    return b"".join(event_file(run.metrics, texts, _time(run)))


def _time(run: TrackedRun) -> float:
    """When the run ended: the history has no times."""
    time = run.end or run.start
    return 0.0 if time is None else time.timestamp()


def _table(values: Mapping[str, str]) -> str:
    """A table in Markdown."""
    rows = (f"| {name} | {value.replace('|', '&#124;')} |" for name, value in values.items())
    return "\n".join(("| name | value |", "|---|---|", *(" ".join(row.split()) for row in rows)))


TENSORBOARD: Final = ExportFormat(
    name=NAME, label="a run as event files of TensorBoard", takes=lambda run: True, export=_export
)
