"""`fnnctl doctor`: says what is here, what is wrong with it, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.doctor.facts import Facts, Training, machine_facts
from fnnctl.doctor.problems import MachineProblem, problems_of
from fnnctl.report.machine import machine_document, machine_json

SETTINGS: Final[dict[str, Any]] = {
    "recipe": "classic",
    "data": {"source": "digits"},
    "model": {"hidden": [256, 128]},
    "training": {"epochs": 30},
}
"""An experiment of about a second, half of which are matrix products."""


def doctor(context: Context) -> tuple[Facts, tuple[MachineProblem, ...]]:
    """Train a small network, look at the machine, and find what is wrong. Nothing stays on the disk."""
    facts = machine_facts(context.runs_dir, train=_training)
    return facts, problems_of(facts)


def show_doctor(facts: Facts, problems: tuple[MachineProblem, ...], output: Output) -> int:
    """Print it; return the exit code."""
    if output.json:
        output.json_object(machine_json(facts, problems))
    else:
        from fnnctl.report.formats.terminal import terminal_report

        output.render(terminal_report([machine_document(facts, problems)], width=output.width))
    return 1 if problems else 0


def _training() -> Training:
    """Train a network in memory, as `fnnctl train` does. In a broken environment that may fail in any way."""
    try:
        from fnnctl.commands.train import train
        from fnnctl.config.reading.loading import ConfigText
        from fnnctl.store.volumes import MemoryVolume

        volume = MemoryVolume()
        run = train(ConfigText.of_settings(SETTINGS, Path("doctor.yaml")), (), Context(volume.root))
        return Training(run.read_manifest().seconds.training)
    except Exception as error:
        return Training(failure=f"{type(error).__name__}: {error}".removesuffix(": "))
