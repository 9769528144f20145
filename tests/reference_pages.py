"""The pages of `docs/` that are made from the program: settings, commands, figures.

    python -m tests.reference_pages

writes them, the tables of other pages that are made from the program, and the output of commands that pages
show (`documented_output.py`); `test_readme.py` compares them with the program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main

from fnnctl.cli import app
from fnnctl.cli.commands import DECLARED, Declared
from fnnctl.config.schema.activations import ACTIVATION_RECORDS
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.report.figures import run_figures, search_figures
from fnnctl.report.figures.record import RunFigure
from fnnctl.text import capitalized
from tests.documented_output import write_outputs
from tests.former_runs.uses import uses_table
from tests.python_reference import python_page
from tests.settings_reference import settings_page

DOCS = Path(__file__).parent.parent / "docs"
COMMANDS_INTRODUCTION = """# Commands

Every command with its arguments, options and examples, as `fnnctl COMMAND --help` shows them. `fnnctl
--install-completion` completes them in your shell.

All commands take `--quiet`, `--verbose`, `--no-color`, `--help` and, if they print results, `--json`. [Use in
CI](ci.md) lists the exit codes.
"""
PLOTS_INTRODUCTION = """# How to read the plots

Every plot is drawn from a file in the run's folder, which is named below. Plots can be deleted: `fnnctl
report` draws them again. They show the test part; in a cross-validation, the out-of-fold predictions.
"""
COMMON = {"--quiet", "--verbose", "--no-color", "--json", "--help"}
"""Options that every command has."""


def plots_page() -> str:
    """The page on how to read the figures."""
    runs = "\n\n".join(figure_entries(run_figures.RUN_FIGURES))
    searches = "\n\n".join(figure_entries(search_figures.SEARCH_FIGURES))
    return f"{PLOTS_INTRODUCTION}\n## Of a run\n\n{runs}\n\n## Of a search\n\n{searches}\n"


def figure_entries(figures: Iterable[RunFigure]) -> Iterator[str]:
    """The paragraphs on each figure."""
    for figure in figures:
        only = f" In a {figure.task}." if figure.task else ""
        yield f"### {capitalized(figure.title)}"
        yield f"`{figure.file}`, drawn from `{figure.source}`.{only}"
        yield figure.reading


def commands_page() -> str:
    """The page on all commands, in the order of the program's help."""
    root = typer.main.get_command(app)
    headings: dict[str, list[str]] = {}
    for declared in DECLARED.values():
        headings.setdefault(declared.heading, []).append(command_section(declared, root))
    sections = "".join(f"## {heading}\n\n{''.join(texts)}" for heading, texts in headings.items())
    return f"{COMMANDS_INTRODUCTION}\n{sections}".rstrip() + "\n"


def command_section(declared: Declared, root: Any) -> str:
    """One command: what it does, its arguments and options as a table, and its examples."""
    command = root
    for name in declared.name.split():
        command = command.commands[name]
    context = typer.Context(command, info_name=f"fnnctl {declared.name}")
    usage = " ".join(command.collect_usage_pieces(context))
    rows = "".join(f"| {name} | {text} |\n" for name, text in parameters(command, context))
    table = f"| | |\n|---|---|\n{rows}\n" if rows else ""
    text = "\n\n".join(" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n"))
    examples = "".join(f"$ {line}\n" for line in declared.examples)
    more = ", ".join(f"[{title(topic)}]({topic}.md)" for topic in declared.topics)
    return (
        f"### `fnnctl {declared.name}`\n\n{text}\n\nUsage: `fnnctl {declared.name} {usage}`\n\n{table}"
        f"```console\n{examples}```\n\n" + (f"More: {more}.\n\n" if more else "")
    )


def title(topic: str) -> str:
    """The title of a page."""
    with (DOCS / f"{topic}.md").open(encoding="utf-8") as page:
        return page.readline().removeprefix("# ").rstrip()


def parameters(command: Any, context: Any) -> Iterator[tuple[str, str]]:
    """The arguments and options that not every command has, each with its help."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or COMMON & set(parameter.opts):
            continue
        name, text = record
        yield cell(f"`{name}`"), cell(text).replace("  [", " [")


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "plots.md": plots_page,
    "python-reference.md": python_page,
    "settings.md": settings_page,
}


def activations_table() -> Iterator[str]:
    """What each activation does, for the page on the network."""
    yield "| activation | | `initialization: auto` |"
    for name, record in ACTIVATION_RECORDS.items():
        yield f"| `{name}` | {record.summary} | `{record.initialization}` |"


def cell(text: str) -> str:
    """The text as a cell of a table."""
    return text.replace("|", "\\|")


def formulas_table() -> Iterator[str]:
    """The formula of each activation, for the page on model files."""
    yield "| name | f(z) |"
    for name, record in ACTIVATION_RECORDS.items():
        yield f"| `{name}` | {cell(record.formula)} |"


def losses_table() -> Iterator[str]:
    """The outputs of each task."""
    yield "| task | `model.output` | loss |"
    for name, record in LOSS_RECORDS.items():
        yield f"| {record.task} | `{name}` | {record.label} |"


TABLES: Mapping[str, tuple[Callable[[], Iterator[str]], ...]] = {
    "network.md": (activations_table, losses_table),
    "model-files.md": (formulas_table,),
    "upgrades.md": (uses_table,),
}
"""The tables in a page that are made from the program; a table is known by its first line."""


def with_tables(page: str, tables: Iterable[Callable[[], Iterator[str]]]) -> str:
    """The page with these tables in place of those that it has; raises ValueError for one that it has not."""
    for table in tables:
        header, *rows = table()
        new = "\n".join([header, "|---" * (header.count("|") - 1) + "|", *rows, ""])
        found = re.findall(f"^{re.escape(header)}\n(?:\\|.*\n)*", page, re.MULTILINE)
        if len(found) != 1:
            raise ValueError(f"the page has {len(found)} tables that begin with {header}")
        page = page.replace(found[0], new)
    return page


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    for name, tables in TABLES.items():
        text = (DOCS / name).read_text(encoding="utf-8")
        (DOCS / name).write_text(with_tables(text, tables), encoding="utf-8")
    write_outputs()
