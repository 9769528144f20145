"""Declares the commands that name, tag and annotate runs, which are listed below those of `cli.runs`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnnctl.cli.completion import complete_promoted, complete_run, complete_tag
from fnnctl.cli.options import RUNS_DIR, RunsDir
from fnnctl.cli.runs import HEADING
from fnnctl.console.output import Output
from fnnctl.console.terminal import terminal_context
from fnnctl.errors import UsageError

__all__ = ["HEADING"]

LabelledRun = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="The run, named as in `fnnctl report`.", autocompletion=complete_run),
]


@HEADING.command(
    name="runs promote",
    examples=(
        "fnnctl runs promote flowers --as champion",
        "fnnctl report longer --not-worse-than champion",
        "fnnctl runs promote --history",
    ),
    topics=("reports", "ci"),
)
def promote(
    run: LabelledRun = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="NAME",
            help="The name: letters, digits, - and _. No folder and no experiment may have it.",
            autocompletion=complete_promoted,
        ),
    ] = None,
    withdraw: Annotated[
        str | None,
        typer.Option(
            "--withdraw",
            metavar="NAME",
            help="Take this name from its run.",
            autocompletion=complete_promoted,
        ),
    ] = None,
    history: Annotated[
        bool,
        typer.Option(
            "--history", help="List which run had which name since when; with --as, those of this name."
        ),
    ] = False,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Give a run a name, such as champion, by which all commands know it.

    A name stands for one run, until another one is promoted. It comes before the name of an experiment. `runs
    prune` spares the run.
    """
    from fnnctl.commands import promote as command

    with terminal_context(output, runs_dir) as context:
        match run, name, withdraw, history:
            case str(), str(), None, False:
                command.show_named(command.promote(run, name, context), context, output)
            case None, None, str(), False:
                command.show_withdrawn(command.withdraw(withdraw, context), context, output)
            case None, _, None, True:
                command.show_history(command.promotion_history(name, context), context, output)
            case _:
                raise UsageError(
                    "name the run and its new name, fnnctl runs promote RUN --as NAME; or write --withdraw "
                    "NAME or --history alone"
                )


@HEADING.command(
    name="runs tag",
    examples=("fnnctl runs tag flowers paper v1.2", "fnnctl runs --where tag=paper"),
    topics=("reports",),
)
def tag(
    run: LabelledRun = None,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD",
            help="The tags: words of letters, digits, ., _ and -.",
            autocompletion=complete_tag,
        ),
    ] = None,
    untag: Annotated[bool, typer.Option("--untag", help="Remove these tags.")] = False,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Give a run tags, or remove some.

    `fnnctl runs --where tag=WORD` finds the runs with a tag. `runs prune` spares tagged runs.
    """
    from fnnctl.commands import labels

    if run is None or not words:
        raise UsageError("name the run and its tags: fnnctl runs tag RUN WORD")
    with terminal_context(output, runs_dir) as context:
        change = labels.untag if untag else labels.tag
        labels.show_labels(change(run, words, context), output)


@HEADING.command(
    name="runs note",
    examples=("fnnctl runs note flowers 'the network in the paper'", "fnnctl runs --where note~paper"),
    topics=("reports",),
)
def note(
    run: LabelledRun = None,
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="The note, in quotes; '' removes the one that is there."),
    ] = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Write a note on a run, in place of the former one.

    It is kept beside the run's other files, which stay as they are. The config's `notes` are something else:
    they say what the experiment is for.
    """
    from fnnctl.commands import labels

    if run is None or text is None:
        raise UsageError("name the run, and write the note in quotes: fnnctl runs note RUN 'TEXT'")
    with terminal_context(output, runs_dir) as context:
        labels.show_labels(labels.write_note(run, text, context), output)
