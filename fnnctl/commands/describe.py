"""`fnnctl describe`: says what a table contains, before there is an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fnnctl.commands.report_output import show_report_text
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.data.profile.table import TableFacts, table_facts
from fnnctl.errors import InputError
from fnnctl.modelling.data_checks import ColumnCheck
from fnnctl.modelling.table_starter import no_features, table_starter
from fnnctl.modelling.table_target import (
    Candidate,
    TargetFacts,
    check_table,
    target_candidates,
    target_facts,
)
from fnnctl.report.description import Description, description_document, description_json
from fnnctl.report.formats.form import ReportForm
from fnnctl.report.formats.registry import document_report


def describe(options: SourceOptions, context: Context) -> Description:
    """Read a table and look at it.

    Raises `InputError` for a table that cannot be read, and for an unknown target.
    """
    with context.listener.reading() as on_read:
        source = read_source(options, on_read)
        table = table_facts(source)
        target = target_facts(source)
        candidates = () if target else target_candidates(table)
        check = check_table(table, target) if target else ColumnCheck()
    return Description(
        options, table, target, candidates, check, _obstacle(table, target, candidates, options)
    )


def _obstacle(
    table: TableFacts, target: TargetFacts | None, candidates: Sequence[Candidate], options: SourceOptions
) -> str | None:
    """Why `init` would refuse the table; without a target, whether the likeliest one has no features."""
    if target is None:
        return no_features(table, candidates[0].name if candidates else None)
    try:
        table_starter(table, target, ColumnCheck(), options, Path())
    except InputError as error:
        return error.problems[0].message
    return None


def show_description(description: Description, form: ReportForm, output: Output) -> None:
    """Print the description, or write it to a file."""
    document, to_dict = partial(description_document, description), partial(description_json, description)
    show_report_text(document_report(document, to_dict), form, output)
