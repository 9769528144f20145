"""`fnnctl compare`: runs side by side, and whether their difference is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fnnctl.console.output import Output
from fnnctl.errors import UsageError
from fnnctl.report.comparison.compared_run import has_metrics
from fnnctl.report.comparison.comparison import RunComparison, compare_runs
from fnnctl.report.comparison.formats import terminal_comparison, text_comparison
from fnnctl.report.comparison.sections import verdict_sentences, warnings
from fnnctl.report.formats.registry import JSON, TERMINAL, chosen_format
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run


def compare(
    runs: Sequence[str],
    *,
    runs_dir: Path,
    metric: str | None,
    format_: str | None,
    file: Path | None,
    output: Output,
) -> None:
    """Compare a metric of two runs or more, by default the first one of their task.

    If `format_` is None, the file's extension selects the format. `--json` prints the JSON object even if a
    file is written too; `--quiet` prints the verdicts alone. Raises `UsageError` for unknown runs, formats
    and metrics, and for runs that cannot be compared.
    """
    file = None if file == Path("-") else file
    format_ = chosen_format(format_, file, default=JSON if output.json else TERMINAL)
    if output.json and file is None and format_ != JSON:
        raise UsageError(f"--json and --format {format_} contradict each other: leave one out")
    comparison = compare_runs([find_run(run, runs_dir, has_metrics) for run in runs], metric)
    for warning in warnings(comparison):
        output.note(f"warning: {warning}")
    if file is not None:
        write_output(file, [_text(comparison, format_, file, output)])
    if output.json:
        output.json_text(text_comparison(comparison, JSON))
    elif file is None and output.quiet and format_ == TERMINAL:
        output.data("\n".join(verdict_sentences(comparison)))
    elif file is None:
        output.data(_text(comparison, format_, None, output).rstrip("\n"))


def _text(comparison: RunComparison, format_: str, file: Path | None, output: Output) -> str:
    if format_ != TERMINAL:
        return text_comparison(comparison, format_)
    shown = terminal_comparison(comparison, width=None if file else output.width)
    return output.rendered(shown, plain=file is not None)
