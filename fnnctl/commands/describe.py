"""`fnnctl describe`: says what a table contains, before there is an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from fnnctl.blas import set_blas_threads
from fnnctl.commands.report_output import show_report_text
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.data.builtin import BUILTIN, builtin_path
from fnnctl.data.profile.source import DEFAULT_ENCODING, SourceOptions, read_source
from fnnctl.data.profile.table import TableFacts, table_facts
from fnnctl.errors import InputError
from fnnctl.metrics.drift import TableDrift
from fnnctl.modelling.data_checks import ColumnCheck
from fnnctl.modelling.table_starter import no_features, table_starter
from fnnctl.modelling.table_target import (
    Candidate,
    TargetFacts,
    check_table,
    target_associations,
    target_candidates,
    target_facts,
)
from fnnctl.plugins import current
from fnnctl.report.description import Description, description_document, description_json
from fnnctl.report.formats.form import ReportForm
from fnnctl.report.formats.registry import document_report
from fnnctl.store.catalogue import find_run


def describe(options: SourceOptions, context: Context, *, against: str | None = None) -> Description:
    """Read a table and look at it; with `against` it is compared with the training rows of this run.

    Raises `InputError` for a table that cannot be read, for unknown targets, and for a run whose network
    cannot read the table, or keeps no histograms.
    """
    drift = None if against is None else _drift(options, against, context)
    with context.listener.reading() as on_read, current().opened():  # the user names the table
        source = read_source(options, on_read)
        table = table_facts(source)
        targets = target_facts(source)
        candidates = () if targets else target_candidates(table)
        check = check_table(table, targets) if targets else ColumnCheck()
    return Description(
        options=options,
        table=table,
        targets=targets,
        candidates=candidates,
        check=check,
        associations=target_associations(targets),
        obstacle=_obstacle(table, targets, candidates, options),
        drift=drift,
    )


def _drift(options: SourceOptions, against: str, context: Context) -> TableDrift:
    """How far the table is from the training rows of a run."""
    from fnnctl.modelling.drift import DriftCounter
    from fnnctl.modelling.input_file import InputFile, as_notes, refuse_unused_part
    from fnnctl.modelling.saved_model import has_network, load_model
    from fnnctl.modelling.scored_rows import scored_blocks

    model = load_model(find_run(against, context.runs_dir, has_network), context.labelled_note)
    counter = DriftCounter.of(model)
    set_blas_threads(model.threads)
    encoding = None if options.encoding == DEFAULT_ENCODING else options.encoding
    note, is_builtin = context.note, options.source in BUILTIN
    with (
        context.listener.reading() as on_read,
        builtin_path(options.source) if is_builtin else nullcontext(options.source) as path,
    ):
        file = InputFile.find(
            str(path),
            model,
            setting="TABLE",
            delimiter=options.delimiter,
            encoding=encoding,
            part=options.part,
            pipes=False,
        )
        refuse_unused_part(options.part, [file])
        with file.open(model, note, warn=as_notes(note), on_read=on_read) as rows:
            for _ in scored_blocks(model.predictor, rows.blocks, file.name, counter=counter):
                pass
    return counter.drift()


def _obstacle(
    table: TableFacts, targets: Sequence[TargetFacts], candidates: Sequence[Candidate], options: SourceOptions
) -> str | None:
    """Why `init` would refuse the table; without a target, whether the likeliest one has no features."""
    if not targets:
        return no_features(table, [candidate.name for candidate in candidates[:1]])
    try:
        table_starter(table, targets, ColumnCheck(), options, Path())
    except InputError as error:
        return error.problems[0].message
    return None


def show_description(description: Description, form: ReportForm, output: Output) -> None:
    """Print the description, or write it to a file."""
    document, to_dict = partial(description_document, description), partial(description_json, description)
    show_report_text(document_report(document, to_dict), form, output)
