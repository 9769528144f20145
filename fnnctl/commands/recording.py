"""A run's manifest from its first to its last word, however the run ends."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self

from fnnctl.commands.new_data import InputFile
from fnnctl.commands.preparation import Prepared
from fnnctl.commands.stored_network import StoredNetwork
from fnnctl.config.schema.experiment import Experiment
from fnnctl.console.output import Output
from fnnctl.console.signals import StopNow
from fnnctl.data.dataset import Dataset
from fnnctl.errors import DivergedError, InputError, InterruptedRunError, MachineError
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import NetworkShape
from fnnctl.store.manifest import Manifest, Processor, Resumption
from fnnctl.store.provenance import command_line, environment, machine, utc_text
from fnnctl.store.run import OpenRun
from fnnctl.training.members import StackSettings


class Recording:
    """Records how the run ended when the block ends: completed, failed, or interrupted.

    What went wrong goes into the run's log, with the traceback where the error is not one of fnnctl's own.
    """

    def __init__(self, run: OpenRun, *, started: float, trained_before: float = 0.0) -> None:
        """`trained_before` is how long a resumed run had trained before its checkpoint, in seconds."""
        self._run, self._started, self._trained_before = run, started, trained_before
        self._training_begun: float | None = None
        self._training_ended: float | None = None

    @contextmanager
    def training(self) -> Iterator[None]:
        """Within the block the network trains: its time is recorded."""
        self._training_begun = time.monotonic()
        try:
            yield
        finally:
            self._training_ended = time.monotonic()

    def trained_seconds(self) -> float:
        """How long the network has trained until now, before a resumed run's checkpoint, too."""
        if self._training_begun is None:
            return self._trained_before
        return self._trained_before + (self._training_ended or time.monotonic()) - self._training_begun

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, StopNow):
            error = error.error
        status: Literal["completed", "failed", "interrupted"] = "completed"
        if error is not None:
            interrupted = isinstance(error, InterruptedRunError | KeyboardInterrupt)
            status = "interrupted" if interrupted else "failed"
            expected = isinstance(error, InputError | DivergedError | InterruptedRunError)
            self._run.log(str(error) if expected else "".join(traceback.format_exception(error)))
        total = self._trained_before + time.monotonic() - self._started
        seconds = {"total": total, "training": self.trained_seconds() or None}
        # Where the end cannot be recorded either, the user is told of what came first.
        with suppress(MachineError) if error else nullcontext():
            self._run.finish(status, seconds, {} if error is None else {"error": str(error)})


def opening_manifest(prepared: Prepared, *, blas_threads: int | None) -> dict[str, Any]:
    """What is known before training: origin, data, network."""
    split = prepared.split
    facts = known_facts(
        prepared.experiment, prepared.dataset, prepared.settings, prepared.warnings, blas_threads=blas_threads
    )
    facts["data"]["parts"] = {
        "train": split.train.size,
        "validation": split.validation.size,
        "test": split.test.size,
    }
    return facts


def known_facts(
    experiment: Experiment,
    dataset: Dataset,
    settings: StackSettings,
    warnings: Sequence[str],
    *,
    blas_threads: int | None,
) -> dict[str, Any]:
    """What is known before training, whatever part each row has."""
    return {
        **environment(sys.argv[1:], blas_threads=blas_threads),
        "seed": experiment.seed,
        "data": {
            "name": dataset.name,
            "source": dataset.source,
            "sha256": dataset.sha256,
            "test_source": dataset.test_source,
            "test_sha256": dataset.test_sha256,
            "target": dataset.target,
            "classes": list(dataset.classes),
            "rows": len(dataset),
            "numeric": len(dataset.numeric_names),
            "categorical": len(dataset.categorical_names),
        },
        "model": {
            "layers": list(settings.shape.widths),
            "parameters": ParameterLayout(settings.shape).size,
        },
        "warnings": list(warnings),
    }


def going_on(manifest: Manifest) -> dict[str, Any]:
    """What changes in the manifest of a run that is gone on with."""
    resumption = Resumption(at=utc_text(datetime.now(UTC)), command=command_line(sys.argv[1:]))
    open_facts = dict.fromkeys(("finished", "error"))
    return {**open_facts, "status": "running", "resumed": [*manifest.resumed, resumption]}


def evaluation_manifest(
    network: StoredNetwork, given: InputFile, *, sha256: str, rows: int, notes: Sequence[str]
) -> dict[str, Any]:
    """What is known of an evaluation of a network on a file with that many labelled rows."""
    description, preprocessor = network.description, network.preprocessor
    return {
        **environment(sys.argv[1:], blas_threads=network.threads),
        "data": {
            "name": given.stem,
            "source": str(given.file.resolve()),
            "sha256": sha256,
            "target": description.target,
            "classes": description.classes,
            "rows": rows,
            "numeric": len(preprocessor.numbers),
            "categorical": len(preprocessor.categories),
            "parts": {"train": 0, "validation": 0, "test": rows},
        },
        "model": {"layers": list(network.layout.shape.widths), "parameters": network.layout.size},
        "evaluated": {"run": str(network.run.path.resolve()), "sha256": network.sha256},
        "warnings": list(notes),
    }


def machine_differences(manifest: Manifest, *, blas_threads: int | None) -> list[str]:
    """A warning where a run goes on with another machine or library than it began with, else none."""
    now = manifest.with_facts(machine(blas_threads=blas_threads))
    changes = [
        f"{what} was {before}, now {after}"
        for what, before, after in (
            ("fnnctl", manifest.fnnctl, now.fnnctl),
            ("NumPy", manifest.packages.get("numpy"), now.packages.get("numpy")),
            ("the processor", manifest.processor.model, now.processor.model),
            (
                "the BLAS",
                f"{manifest.blas.name} {manifest.blas.version}",
                f"{now.blas.name} {now.blas.version}",
            ),
            ("the BLAS's kind of processor", manifest.blas.core, now.blas.core),
            ("the BLAS's number of threads", manifest.blas.threads, now.blas.threads),
        )
        if before != after
    ]
    changes += _other_instructions(manifest.processor, now.processor)
    if not changes:
        return []
    return [f"{'; '.join(changes)}: the last digits may differ from those of a run without a pause"]


def _other_instructions(before: Processor, now: Processor) -> list[str]:
    """Which instruction sets NumPy's loops no longer use, or use now, where it is known which they used."""
    gone = [name for name in before.features if name not in now.features]
    new = [name for name in now.features if before.features and name not in before.features]
    differences = [*(f"no longer {name}" for name in gone), *(f"now {name}" for name in new)]
    return [f"NumPy's instruction sets: {', '.join(differences)}"] if differences else []


def warn(run: OpenRun, warnings: Sequence[str], output: Output) -> None:
    """Tell of something that the user should know, and keep it in the run's log and manifest."""
    for warning in warnings:
        output.note(f"warning: {warning}")
        run.log(f"warning: {warning}")
    known = run.read_manifest().warnings
    if new := [warning for warning in warnings if warning not in known]:
        run.record({"warnings": [*known, *new]})


def model_description(prepared: Prepared) -> dict[str, Any]:
    """What `model.json` says: how features are made, what the weights mean, which classes they tell apart."""
    shape: NetworkShape = prepared.settings.shape
    member = prepared.member
    hidden = [
        {
            **asdict(layer),
            "numbers": {name: each[index] for name, each in member.layer_hyperparameters.items()},
        }
        for index, layer in enumerate(shape.hidden)
    ]
    data = prepared.experiment.data
    return {
        "precision": prepared.settings.precision,
        "threads": prepared.threads,
        "inputs": shape.inputs,
        "hidden": hidden,
        "output": shape.output,
        "temperature": None,  # the one that calibrates is found after training
        "positive": prepared.dataset.classes[shape.positive] if shape.output == "logistic" else None,
        "target": prepared.dataset.target,
        "classes": list(prepared.dataset.classes),
        "features": list(prepared.preprocessor.features),
        "table": {
            "delimiter": data.delimiter,
            "encoding": data.encoding,
            "missing_values": list(data.missing_values),
        },
        "preprocessing": prepared.preprocessor.to_dict(),
    }
