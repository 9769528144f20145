"""The contents of a run's manifest: before training, for an evaluation, and for a resumed run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.row_encoder import columns_of
from fnnctl.messages import Message, warning_facts
from fnnctl.modelling.data_checks import DataCheck
from fnnctl.nn.losses.registry import power_of
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import OutputShape
from fnnctl.store import names
from fnnctl.store.facts import Processor
from fnnctl.store.manifest import Manifest, Resumption
from fnnctl.store.provenance import environment, machine
from fnnctl.store.times import now_text
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.task import Task, TaskData
from fnnctl.training.members import StackSettings

if TYPE_CHECKING:
    from fnnctl.config.reading.loading import LoadedConfig
    from fnnctl.modelling.input_file import InputFile
    from fnnctl.modelling.saved_model import SavedModel


def files_of_bases(config: LoadedConfig) -> dict[str, bytes]:
    """The files that a config builds on, by their names in the run's folder."""
    return {
        names.base_file_name(number, base.file.name): base.content
        for number, base in enumerate(config.bases, start=1)
    }


def known_facts(
    experiment: Experiment,
    data: TaskData,
    settings: StackSettings,
    check: DataCheck,
    *,
    command: str | None,
    blas_threads: int | None,
    sizes: tuple[int, int, int] | None = None,
    networks: Sequence[ParameterLayout] = (),
) -> dict[str, Any]:
    """The facts known before training: origin, data, network; `sizes` are the numbers of rows per part.

    `networks` are those of an ensemble of several shapes; by default all have these settings.
    """
    dataset = data.dataset
    facts: dict[str, Any] = {
        "name": dataset.name,
        "source": dataset.source,
        "sha256": dataset.sha256,
        "test_source": dataset.test_source,
        "test_sha256": dataset.test_sha256,
        "task": data.task.name,
        "target": ", ".join(data.task.targets),
        **_targets_facts(data.task, settings.shape.output),
        "classes": list(data.task.classes),
        "ordered": data.task.is_ordered,
        "rows": len(dataset),
        "columns": dataset.source_columns,
        "numeric": len(dataset.numeric_names),
        "categorical": len(dataset.categorical_names),
    }
    if experiment.data.exposure is not None:
        facts["exposure"] = experiment.data.exposure
    if check.best_column is not None:
        facts["best_column"] = check.best_column.model_dump()
    if sizes is not None:
        facts["parts"] = dict(zip(("train", "validation", "test"), sizes, strict=True))
    return {
        **environment(command, blas_threads=blas_threads),
        "seed": experiment.seed,
        "data": facts,
        "model": _network_facts(
            networks or [ParameterLayout(settings.shape)] * settings.ensemble,
            data.task.decision(experiment),
            bags=settings.bags,
            plain_twins=settings.twins,
            class_weights=data.task.class_weights(experiment.training, data.targets) is not None,
            target_transform=experiment.data.target_transform,
        ),
        **warning_facts(check.warnings),
    }


def _targets_facts(task: Task, output: OutputShape) -> dict[str, Any]:
    """The facts about each of several targets; none about a single one."""
    if len(task.tasks) == 1:
        return {}
    targets = zip_longest(task.targets, task.tasks, map(power_of, output.parts))
    return {
        "targets": [
            {
                "name": name,
                "task": of_target.name,
                "classes": list(of_target.classes),
                **({} if power is None else {"power": power}),
            }
            for name, of_target, power in targets
        ]
    }


def evaluation_facts(
    model: SavedModel,
    file: InputFile,
    *,
    sha256: str,
    rows: int,
    warnings: Sequence[Message],
    command: str | None,
    blas_threads: int | None,
) -> dict[str, Any]:
    """The facts about an evaluation of a model on a file with this number of labelled rows."""
    preprocessor, task = model.predictor.preprocessor, model.predictor.task
    exposure = model.description.table.exposure
    return {
        **environment(command, blas_threads=blas_threads),
        "data": {
            "name": file.stem,
            "source": file.source,
            "sha256": sha256,
            "task": task.name,
            "target": ", ".join(task.targets),
            **_targets_facts(task, model.layouts[0].shape.output),
            "classes": list(task.classes),
            "ordered": task.is_ordered,
            "rows": rows,
            "columns": len(columns_of(preprocessor, file.form.formats)),
            "numeric": len(preprocessor.numbers),
            "categorical": len(preprocessor.categories),
            "parts": {"train": 0, "validation": 0, "test": rows},
            **({} if exposure is None else {"exposure": exposure}),
        },
        "model": _network_facts(
            model.layouts,
            model.predictor.decoder.decision,
            class_weights=model.predictor.decoder.class_weights is not None,
            target_transform=model.predictor.decoder.transform_name,
        ),
        "evaluated": {
            "run": None if model.run.named is None else str(model.run.path.resolve()),
            "sha256": model.sha256,
            "threshold": model.predictor.decoder.threshold,
            **file.format_changes(model),
        },
        **warning_facts(warnings),
    }


def resumed_facts(manifest: Manifest, command: str | None) -> dict[str, Any]:
    """The facts that change in the manifest when a run is resumed."""
    resumption = Resumption(at=now_text(), command=command)
    open_facts = dict.fromkeys(("finished", "error", "error_kind"))
    return {**open_facts, "status": "running", "resumed": [*manifest.resumed, resumption]}


def machine_differences(manifest: Manifest, *, blas_threads: int | None) -> list[Message]:
    """Warnings if fnnctl, the machine or a library differs from when the run began."""
    now = manifest.with_facts(machine(blas_threads=blas_threads))
    warnings: list[Message] = []
    if manifest.fnnctl != now.fnnctl:
        warnings.append(
            Message(
                "other_version",
                f"the run began with fnnctl {manifest.fnnctl}, and continues with {now.fnnctl}: neither "
                "version alone gives its numbers; start a new run to compare it with others",
            )
        )
    changes = [
        f"{subject} was {before}, now {after}"
        for subject, before, after in (
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
    if changes:
        sentence = f"{'; '.join(changes)}: the last digits may differ from those of an uninterrupted run"
        warnings.append(Message("other_machine", sentence))
    return warnings


def _other_instructions(before: Processor, now: Processor) -> list[str]:
    """The instruction sets that NumPy's loops have stopped or started using, if the former ones are known."""
    gone = [name for name in before.features if name not in now.features]
    new = [name for name in now.features if before.features and name not in before.features]
    differences = [*(f"no longer {name}" for name in gone), *(f"now {name}" for name in new)]
    return [f"NumPy's instruction sets: {', '.join(differences)}"] if differences else []


def _network_facts(
    networks: Sequence[ParameterLayout],
    decision: Decision | None,
    *,
    bags: bool = False,
    plain_twins: bool = False,
    class_weights: bool = False,
    target_transform: str = "none",
) -> dict[str, Any]:
    """The facts about one network, or about those of an ensemble."""
    shape = networks[0].shape
    power = None if shape.output.parts else power_of(shape.output)
    return {
        "layers": list(shape.widths),
        "parameters": sum(layout.size for layout in networks),
        "networks": sum(layout.shape.inner_members for layout in networks),
        "shared_weights": any(layout.shape.inner_members > 1 for layout in networks),
        "plain_twins": plain_twins,
        "same_shape": all(layout.shape == shape for layout in networks),
        "bags": bags,
        "positive": None if decision is None else decision.positive,
        "class_weights": class_weights,
        "target_transform": target_transform,
        **({} if power is None else {"power": power}),
    }
