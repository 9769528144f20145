"""`fnnctl export`: writes a run's model or results in the format of another program."""

from __future__ import annotations

from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.export.format import Exported
from fnnctl.export.registry import chosen_format
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder


def export(run: str | RunFolder | None, context: Context, *, format_: str | None, to: str | None) -> Exported:
    """Export a run, by default the newest one that the format takes; raises `InputError`."""
    export_format = chosen_format(format_, to)
    folder = run if isinstance(run, RunFolder) else find_run(run, context.runs_dir, export_format.takes)
    return export_format.export(folder, to, context)


def show_exported(exported: Exported, output: Output) -> None:
    """Say what was written."""
    if output.json:
        output.json_object(exported.to_dict())
    else:
        for line in exported.lines:
            output.note(line)
