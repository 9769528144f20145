"""Declares `datasets` and `schema`, which list what there is."""

from __future__ import annotations

from fnnctl.cli.options import with_output
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals


@with_output
def datasets(*, output: Output) -> None:
    """List the built-in data sets."""
    from fnnctl.commands.tables.datasets import datasets

    with ended_by_signals(output):
        datasets(output)


@with_output
def schema(*, output: Output) -> None:
    """Print the config's JSON Schema, for editors."""
    from fnnctl.commands.schema import schema

    with ended_by_signals(output):
        schema(output)
