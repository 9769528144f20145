"""`fnnctl init`: writes a first experiment, a commented example or one for the user's own table."""

from __future__ import annotations

import shlex
from pathlib import Path

from fnnctl.commands.describe import describe
from fnnctl.config.reading.starter import STARTER_NAME, starter_text
from fnnctl.config.reading.table_starter import table_starter_text
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.data.profile.source import SourceOptions
from fnnctl.errors import UsageError
from fnnctl.modelling.table_starter import table_starter
from fnnctl.report.description import description_document
from fnnctl.report.formats.terminal import terminal_report
from fnnctl.store.atomic import refuse_existing, write_new
from fnnctl.text import quoted


def init(file: Path, output: Output) -> None:
    """Write the starter experiment; raises `UsageError` if the file exists."""
    write_new(file, starter_text())
    if output.json:
        output.json_object({"file": str(file)})
    else:
        output.note(f"wrote {file}: read its comments, then run `{_run(file)}`")


def init_table(options: SourceOptions, file: Path, context: Context, output: Output) -> None:
    """Write an experiment for a table. Never overwrites a file.

    Without a target, the columns are listed. Raises `InputError` then, if the file exists, and if no
    experiment with this table is possible.
    """
    refuse_existing(file)
    description = describe(options, context)
    if not description.targets:
        if not output.json:
            output.render(terminal_report([description_document(description)], width=output.width))
        raise UsageError(description.obstacle or f"name the column to predict: {description.init_command}")
    targets, check = description.targets, description.check
    starter = table_starter(description.table, targets, check, options, file.parent)
    write_new(file, table_starter_text(starter, str(file)))
    if output.json:
        output.json_object(
            {
                "file": str(file),
                "target": description.target_name,
                "targets": [target.name for target in targets],
                "task": description.task,
                "ignored": list(starter.writable),
            }
        )
        return
    for sentence in starter.decisions():
        output.note(sentence)
    if len(targets) == 1 and (quantity := targets[0].quantity):
        as_amounts = _run(file, "train", "--set", "data.task=regression")
        commands = f"`{_run(file)}` treats them as classes, `{as_amounts}` as amounts"
        output.note(f"{quoted(targets[0].name)} looks like {quantity}: {commands}")
    train, search = _run(file), _run(file, "search", "--time-limit", "300")
    output.note(f"wrote {file}; now run `{train}`, or `{search}`, which also looks for better settings")


def _run(file: Path, command: str = "train", *options: str) -> str:
    argument = [] if str(file) == STARTER_NAME else [str(file)]
    return shlex.join(["fnnctl", command, *argument, *options])
