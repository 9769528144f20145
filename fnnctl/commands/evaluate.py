"""`fnnctl evaluate`: an experiment is cross-validated, a run's network is scored again.

Which of the two is meant is told before anything heavy is imported: signals are caught from the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals, interruption
from fnnctl.errors import UsageError

LATEST_RUN = "latest"


@dataclass(frozen=True, slots=True)
class ConfigOptions:
    """What is said of an experiment alone."""

    folds: int | None
    repeats: int | None
    workers: int | None
    overrides: Sequence[str]
    seed: int | None

    @property
    def given(self) -> list[str]:
        """The names of the options that were given."""
        values = {
            "--folds": self.folds, "--repeats": self.repeats, "--workers": self.workers, "--seed": self.seed,
            "--set": self.overrides or None,
        }  # fmt: skip
        return [name for name, value in values.items() if value is not None]

    @property
    def changes(self) -> list[str]:
        """The experiment's changes as `--set` has them."""
        folds = {"folds": self.folds, "repeats": self.repeats}
        return [
            *self.overrides,
            *(f"evaluation.cross_validation.{key}={n}" for key, n in folds.items() if n is not None),
        ]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is said of a run alone."""

    data: str | None
    delimiter: str | None
    encoding: str | None

    @property
    def given(self) -> list[str]:
        """The names of the options that were given."""
        values = {"--data": self.data, "--delimiter": self.delimiter, "--encoding": self.encoding}
        return [name for name, value in values.items() if value is not None]


def evaluate(
    target: str | None,
    of_config: ConfigOptions,
    of_run: RunOptions,
    *,
    default_config: Path,
    name: str | None,
    runs_dir: Path,
    output: Output,
) -> None:
    """Evaluate what `target` names: a file is an experiment; a folder, or the name of one, is a run.

    Without a target it is the latest run, unless an option is for an experiment alone. Raises `UsageError`
    where an option is for the other one.
    """
    if _names_config(target) if target else of_config.given:
        if of_run.given:
            raise UsageError(f"{' and '.join(of_run.given)}: only for a run; an experiment has its own data")
        _evaluate_config(Path(target) if target else default_config, of_config, name, runs_dir, output)
        return
    if of_config.given:
        raise UsageError(f"{' and '.join(of_config.given)}: only for an experiment; name its YAML file")
    _evaluate_run(target or LATEST_RUN, of_run, name, runs_dir, output)


def _names_config(target: str) -> bool:
    path = Path(target)
    return path.is_file() or (path.suffix in {".yaml", ".yml"} and not path.is_dir())


def _evaluate_config(
    config: Path, options: ConfigOptions, name: str | None, runs_dir: Path, output: Output
) -> None:
    with interruption(output) as signals:
        from fnnctl.commands.cross_validate import cross_validate
        from fnnctl.commands.report import report_cross_validation

        run = cross_validate(
            config,
            options.changes,
            workers=options.workers,
            runs_dir=runs_dir,
            name=name,
            seed=options.seed,
            output=output,
            signals=signals,
        )
    report_cross_validation(run, output)


def _evaluate_run(run: str, options: RunOptions, name: str | None, runs_dir: Path, output: Output) -> None:
    with ended_by_signals(output):
        from fnnctl.commands.evaluate_run import evaluate_run

        evaluate_run(
            run,
            runs_dir=runs_dir,
            data=options.data,
            delimiter=options.delimiter,
            encoding=options.encoding,
            name=name,
            output=output,
        )
