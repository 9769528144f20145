"""`fnnctl compare`: runs side by side, and whether their difference is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fnnctl.commands.report_output import show_report_text
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.report.comparison.compared_run import has_metrics
from fnnctl.report.comparison.shown import document, to_json, verdicts, warnings
from fnnctl.report.comparison.target_comparison import Comparison
from fnnctl.report.comparison.target_comparison import compare as compare_runs
from fnnctl.report.formats.form import ReportForm
from fnnctl.report.formats.registry import Report, document_report
from fnnctl.store.catalogue import find_run


def compare(runs: Sequence[str], context: Context, *, metric: str | None = None) -> Comparison:
    """Compare a metric of two runs or more, by default the first one of their task, or of each target.

    Raises `UsageError` for unknown runs and metrics, and for runs that cannot be compared.
    """
    comparison = compare_runs([find_run(run, context.runs_dir, has_metrics) for run in runs], metric)
    for warning in warnings(comparison):
        context.warning(warning)
    return comparison


def comparison_report(comparison: Comparison) -> Report:
    """The comparison in every format; its page has no links to files, so it can be sent."""
    return document_report(partial(document, comparison), partial(to_json, comparison))


def show_comparison(comparison: Comparison, form: ReportForm, output: Output) -> None:
    """Print the comparison, or write it to a file; `--quiet` prints the verdicts alone."""
    report = comparison_report(comparison)
    show_report_text(report, form, output, quiet=lambda: "\n".join(verdicts(comparison)))
