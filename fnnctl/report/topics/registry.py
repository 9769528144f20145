"""The order of reports: headings, and the topics below each. A topic is a module here and a line below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

from fnnctl.report.blocks import FIGURES, Block, Command, Figure, Files, Notes, Table
from fnnctl.report.document import Document, ReportedRun, Section, merge_blocks
from fnnctl.report.figures.drawing import MOST_TARGETS, figures_of_targets, possible_figures
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.summary import Summary, headline
from fnnctl.report.topics.topic import SUMMARY, WARNINGS, Heading, Reports, Topic
from fnnctl.store.folder import RunFolder
from fnnctl.store.volumes import is_in_memory
from fnnctl.text import capitalized, quoted

_in_all = partial(Topic, reports=Reports.ALL)
_in_short = partial(Topic, reports=Reports.SHORT)
_of_search = partial(Topic, is_of_searches=True)
_in_all_of_search = partial(Topic, reports=Reports.ALL, is_of_searches=True)

CONTENTS: Final[tuple[Heading, ...]] = (
    Heading("Why it failed", "failure", (_in_all("outcome.failure"),)),
    Heading("Why it is not complete", "warning", (_in_all("outcome.incomplete"),)),
    Heading(
        SUMMARY,
        "summary",
        (
            # What was done.
            _in_all_of_search("search.progress"),
            _in_all_of_search("winner.best_trial"),
            _in_all("training.network"),
            _in_all_of_search("winner.best_settings"),
            _in_all("data.data"),
            _in_all("provenance.labels"),
            _in_all_of_search("search.failures"),
            # How good it is.
            _in_all("scores.first_scores"),
            _in_all("sizes.sizes_table"),
            # What a reader asks next: is it better, whose scores are these, what are they worth?
            _in_all_of_search("default_trial.verdict"),
            _in_all_of_search("winner.choice"),
            _in_all("scores.measured"),
            _in_all("thresholds.best_threshold"),
            _in_all("scores.positive"),
            _in_all_of_search("ensemble.test_score"),
            _in_short("confirmation.verdict", is_of_searches=True),
            _in_all("scores.baseline"),
        ),
    ),
    Heading("The winner", "columns", (_of_search("winner.winner"),)),
    Heading(WARNINGS, "warning", (_in_all_of_search("default_trial.warning"), _in_all("outcome.warnings"))),
    Heading("Targets", "columns", (_in_short("scores.first_of_targets"), Topic("scores.of_targets"))),
    Heading("Quantiles", "columns", (_in_all("coverage.levels"),)),
    Heading(
        "What goes wrong",
        "columns",
        (
            _in_all("classes.worst_classes"),
            Topic("classes.worst_classes_beside_sizes"),
            Topic("classes.first_pairs"),
            Topic("examples.worst_rows"),
        ),
    ),
    Heading("Where it is worse", "columns", (_in_all("groups.worst_groups"), Topic("groups.all_groups"))),
    Heading("Is the winner better than the others?", "figures", (_of_search("confirmation.confirmation"),)),
    Heading("The search", "figures", (_of_search("search.search"),)),
    Heading("Brackets and rungs", "figures", (_of_search("rungs.rungs"),)),
    Heading("Rung audit", "columns", (_of_search("audit.rung_audit"),)),
    Heading("The settings of all trials", "figures"),
    Heading("The best trials", "block", (_of_search("leaderboard.best_trials"),)),
    Heading("Importance of the settings", "figures", (_of_search("hyperparameter_importance.table"),)),
    Heading("The best architecture", "figures", (_of_search("architecture.best_architecture"),)),
    Heading("Ensemble of trials", "figures", (Topic("ensemble.ensemble"),)),
    Heading("Workers", "figures", (_of_search("search.workers"),)),
    Heading("Train and extend", "block", (_of_search("winner.commands"),)),
    Heading(FIGURES, "figures"),
    Heading(
        "Scores",
        "columns",
        (
            Topic("scores.all_scores"),
            Topic("classes.all_classes"),
            Topic("thresholds.threshold_table"),
            Topic("scores.means"),
            Topic("coverage.regions"),
        ),
    ),
    Heading("Ancestors", "block", (Topic("training.ancestors"),)),
    Heading("Drift", "block", (Topic("drift.drift"),)),
    Heading("Importance", "columns", (_in_all("feature_importance.importance"),), is_requested=True),
    Heading("Partial dependence", "block", (_in_all("partial_dependence.dependence"),), is_requested=True),
    Heading("Data and training", "columns", (Topic("data.details"), Topic("training.details"))),
    Heading(
        "Repeat and continue",
        "block",
        (
            _in_all("next_steps.resume"),
            _in_short("next_steps.show_everything"),
            _in_all("next_steps.use"),
            _in_short("next_steps.write_page"),
        ),
    ),
    Heading("Provenance", "block", (Topic("provenance.provenance"),)),
    Heading("Model card", "block", (Topic("model_card.model_card"),)),
    Heading("Files", "block", (Topic("files.files"),)),
)
"""The headings of a report in their order, with what a page knows of their looks."""
OF_TARGETS: Final[tuple[Topic, ...]] = (
    Topic("scores.all_scores"),
    Topic("classes.all_classes"),
    Topic("thresholds.threshold_table"),
    Topic("scores.means"),
    Topic("coverage.regions"),
    Topic("feature_importance.importance"),
)
"""The topics on each of several targets, below its figures."""
JSON_ENTRIES: Final[tuple[Topic, ...]] = (
    Topic("provenance.json_entries"),
    _of_search("search.json_entries"),
    _of_search("winner.json_entries"),
    _of_search("default_trial.json_entries"),
    _of_search("confirmation.json_entries"),
    _of_search("ensemble.json_entries"),
    _of_search("leaderboard.json_entries"),
    _of_search("rungs.json_entries"),
    _of_search("audit.json_entries"),
    _of_search("hyperparameter_importance.json_entries"),
    Topic("feature_importance.json_entries"),
    Topic("partial_dependence.json_entries"),
    Topic("scores.json_entries"),
    Topic("coverage.json_entries"),
    Topic("drift.json_entries"),
)
"""What stands in a run's entry of `report --json`, in this order; functions that return a mapping."""


def run_document(summary: Summary, *, short: bool = False) -> Document:
    """The report on a run; a short one has the topics that matter most, and no figures."""
    left_out = Reports.COMPLETE if short else Reports.SHORT
    figures = {} if short else _figures(summary)
    sections = []
    for heading in CONTENTS:
        blocks: list[Block] = [*figures.get(heading.title, ())]
        for topic in heading.topics:
            if topic.reports is not left_out:
                blocks += topic.of(summary)
        if is_in_memory(summary.path):  # no command can name it, and it has no files
            blocks = [block for block in blocks if not isinstance(block, Command | Files)]
        if merged := merge_blocks(blocks):
            sections.append(Section(heading.title, merged, heading.look, heading.is_requested))
        if heading.title == FIGURES and not short:
            sections += _sections_of_targets(summary)
    run = ReportedRun(summary.path, summary.manifest.kind, summary.displayed_status, summary.manifest.fnnctl)
    return Document(summary.manifest.name, headline(summary), tuple(sections), run)


def json_entries(summary: Summary) -> dict[str, Any]:
    """What the topics add to a run's entry in `report --json`."""
    return {key: value for topic in JSON_ENTRIES for key, value in dict(topic.of(summary)).items()}


def _figures(summary: Summary) -> dict[str, list[Figure]]:
    """The figures that the run has numbers for, by their headings."""
    run = RunFolder(summary.path)
    figures: dict[str, list[Figure]] = {}
    for record in possible_figures(run, summary):
        figures.setdefault(record.place, []).append(_figure(record, run, summary))
    return figures


def _sections_of_targets(summary: Summary) -> Iterator[Section]:
    """The figures and tables of each of several targets, under its name."""
    targets = figures_of_targets(RunFolder(summary.path), summary)
    for view, figures in targets:
        blocks: list[Block] = [
            _figure(record, view.run, view.summary, f"{view.folder}/", f"{view.name}: ") for record in figures
        ]
        for topic in OF_TARGETS:
            blocks += (_about(view.name, block) for block in topic.of(view.summary))
        if merged := merge_blocks(blocks):
            yield Section(f"Target {quoted(view.name)}", merged, "target")
    if len(targets) > MOST_TARGETS:
        note = f"Figures are drawn of the first {MOST_TARGETS} of {len(targets):,} targets."
        yield Section("Further targets", (Notes("Further targets", (note,)),))


def _about(target: str, block: Block) -> Block:
    """A table whose title begins with the target; other blocks as they are."""
    if not isinstance(block, Table):
        return block
    narrow = None if block.narrow is None else _about(target, block.narrow)
    return replace(
        block,
        title=f"{target}: {block.title}",
        narrow=narrow if isinstance(narrow, Table) else None,
    )


def _figure(
    record: RunFigure, run: RunFolder, summary: Summary, folder: str = "", target: str = ""
) -> Figure:
    """The figure; that of a target is in its `folder`, and its title begins with the target."""
    return Figure(
        f"{target}{record.title}" if target else capitalized(record.title),
        f"{folder}{record.file}",
        draw=partial(record.draw, run, summary),
        in_words=partial(record.in_words, summary),
        numbers=partial(record.drawn_numbers, run, summary),
        is_wide=record.is_wide,
    )
