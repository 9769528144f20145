"""`fnnctl describe`: says what a table contains, before there is an experiment."""

from __future__ import annotations

from pathlib import Path

from fnnctl.console.output import Output
from fnnctl.console.progress import reading_progress
from fnnctl.data.files import UNREPORTED, OnRead
from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.data.profile.table import table_facts
from fnnctl.errors import UsageError
from fnnctl.modelling.data_checks import ColumnCheck
from fnnctl.modelling.table_target import check_table, target_candidates, target_facts
from fnnctl.report.description import Description, terminal_description, text_description
from fnnctl.report.formats.registry import JSON, TERMINAL, chosen_format
from fnnctl.store.atomic import write_output


def describe(options: SourceOptions, *, format_: str | None, file: Path | None, output: Output) -> None:
    """Describe a table, on standard output or in a file, whose extension may select the format.

    `--json` prints the JSON object even if a file is written too. Raises `InputError` for a table that cannot
    be read, for an unknown target, and for an unknown format.
    """
    file = None if file == Path("-") else file
    format_ = chosen_format(format_, file, default=JSON if output.json else TERMINAL)
    if output.json and file is None and format_ != JSON:
        raise UsageError(f"--json and --format {format_} contradict each other: leave one out")
    with reading_progress(output) as on_read:
        description = described(options, on_read)
    if file is not None:
        write_output(file, [_text(description, format_, file, output)])
    if output.json:
        output.json_text(_text(description, JSON, None, output))
    elif file is None:
        output.data(_text(description, format_, None, output).rstrip("\n"))


def described(options: SourceOptions, on_read: OnRead = UNREPORTED) -> Description:
    """Read a table and look at it."""
    source = read_source(options, on_read)
    facts = table_facts(source)
    target = target_facts(source)
    candidates = () if target else target_candidates(facts)
    check = check_table(facts, target) if target else ColumnCheck()
    return Description(options, facts, target, candidates, check)


def _text(description: Description, format_: str, file: Path | None, output: Output) -> str:
    if format_ != TERMINAL:
        return text_description(description, format_)
    shown = terminal_description(description, width=None if file else output.width)
    return output.rendered(shown, plain=file is not None)
