"""Declarations of `init`, `check`, `train`, `predict` and `evaluate`, for one experiment or its run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from fnnctl.cli.options import (
    DEFAULT_CONFIG,
    RUNS_DIR,
    Config,
    Delimiter,
    Encoding,
    Name,
    RunsDir,
    Seed,
    Set,
    given,
    refuse_with_resume,
    with_output,
)
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals, interruption
from fnnctl.errors import UsageError
from fnnctl.store.names import LATEST


@with_output
def init(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", show_default="fnnctl.yaml")] = DEFAULT_CONFIG,
    *,
    output: Output,
) -> None:
    """Write a commented starter experiment. Never overwrites."""
    from fnnctl.commands.init import init

    init(file, output)


@with_output
def check(
    configs: Annotated[
        list[Path] | None, typer.Argument(metavar="[CONFIG]...", help="Experiments; default fnnctl.yaml.")
    ] = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    *,
    output: Output,
) -> int:
    """Validate experiments and their data, train nothing."""
    from fnnctl.commands.check import check

    return check(configs or [DEFAULT_CONFIG], overrides or [], name=name, seed=seed, output=output)


@with_output
def train(
    config: Config = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="RUN", help="Go on with an interrupted run; `latest` is the last one."
        ),
    ] = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Train a network and write its run folder."""
    with interruption(output) as signals:
        from fnnctl.commands.report import report_end

        if resume is not None:
            from fnnctl.commands.train import resume_training

            refuse_with_resume({"CONFIG": config, "--set": overrides, "--name": name, "--seed": seed})
            run = resume_training(resume, runs_dir=runs_dir, output=output, signals=signals)
        else:
            from fnnctl.commands.train import train

            file, changes = config or DEFAULT_CONFIG, overrides or []
            run = train(
                file, changes, runs_dir=runs_dir, name=name, seed=seed, output=output, signals=signals
            )
    report_end(run, output)


@with_output
def predict(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run whose network predicts; see `report`.")],
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A CSV or NPZ file, or a folder of arrays; - is standard input."),
    ],
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the predictions to a file.")
    ] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Labels and probabilities for new rows, as CSV."""
    with ended_by_signals(output):
        from fnnctl.commands.predict import predict

        predict(
            run,
            data,
            runs_dir=runs_dir,
            file=file,
            delimiter=delimiter,
            encoding=encoding,
            output=output,
        )


Target = Annotated[
    str | None,
    typer.Argument(
        metavar="[CONFIG|RUN]",
        help="An experiment (a YAML file), which is cross-validated; or a run, whose network is scored.",
        show_default="latest",
    ),
]
Folds = Annotated[
    int | None, typer.Option("--folds", min=2, help="CONFIG: parts of the rows; default the config's.")
]
Repeats = Annotated[
    int | None, typer.Option("--repeats", min=1, help="CONFIG: how many times; default the config's.")
]
FoldWorkers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="CONFIG: stacks at once; default the processors there are."),
]
LabelledData = Annotated[
    str | None, typer.Option("--data", metavar="FILE", help="RUN: labelled rows; default its own test part.")
]


@with_output
def evaluate(
    target: Target = None,
    folds: Folds = None,
    repeats: Repeats = None,
    workers: FoldWorkers = None,
    overrides: Set = None,
    seed: Seed = None,
    data: LabelledData = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    name: Name = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Cross-validate an experiment, or score a trained network again."""
    for_config = {
        "--folds": folds, "--repeats": repeats, "--workers": workers, "--seed": seed, "--set": overrides,
    }  # fmt: skip
    for_run = {"--data": data, "--delimiter": delimiter, "--encoding": encoding}
    if _names_config(target) if target else given(for_config):
        if names := given(for_run):
            raise UsageError(f"{names}: only for a run; an experiment has its own data")
        counts = {"folds": folds, "repeats": repeats}
        changes = [f"evaluation.cross_validation.{key}={n}" for key, n in counts.items() if n is not None]
        _cross_validate(
            Path(target) if target else DEFAULT_CONFIG,
            [*(overrides or []), *changes],
            workers=workers,
            runs_dir=runs_dir,
            name=name,
            seed=seed,
            output=output,
        )
        return
    if names := given(for_config):
        raise UsageError(f"{names}: only for an experiment; name its YAML file")
    with ended_by_signals(output):
        from fnnctl.commands.evaluate_run import evaluate_run

        evaluate_run(
            target or LATEST,
            runs_dir=runs_dir,
            data=data,
            delimiter=delimiter,
            encoding=encoding,
            name=name,
            output=output,
        )


def _cross_validate(config: Path, changes: Sequence[str], *, output: Output, **options: Any) -> None:
    with interruption(output) as signals:
        from fnnctl.commands.cross_validate import cross_validate
        from fnnctl.commands.report import report_end

        run = cross_validate(config, changes, output=output, signals=signals, **options)
    report_end(run, output)


def _names_config(target: str) -> bool:
    """Whether it is a file, or a YAML file's name; a folder, or the name of one, is a run."""
    path = Path(target)
    named_so = path.suffix in {".yaml", ".yml"}
    try:
        return path.is_file() or (named_so and not path.is_dir())
    except OSError:  # whoever reads it says why it cannot be read
        return named_so
