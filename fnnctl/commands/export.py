"""`fnnctl export`: writes a run's model or results in the format of another program."""

from __future__ import annotations

from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.export.format import Exported
from fnnctl.export.registry import chosen_format
from fnnctl.store.catalogue import find_run


def export(run: str | None, context: Context, *, format_: str | None, to: str | None) -> Exported:
    """Export a run, by default the newest one that the format takes; raises `InputError`."""
    chosen = chosen_format(format_, to)
    return chosen.export(find_run(run, context.runs_dir, chosen.takes), to, context)


def show_exported(exported: Exported, output: Output) -> None:
    """Say what was written."""
    if output.json:
        entries = {
            "run": str(exported.run),
            "format": exported.format,
            "output": exported.output,
            "largest_difference": exported.largest_difference,
        }
        output.json_object({**entries, **exported.facts})
    else:
        for line in exported.lines:
            output.note(line)
