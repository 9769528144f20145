"""Arguments and options that several commands share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fnnctl.cli.completion import (
    complete_format,
    complete_method,
    complete_path,
    complete_run,
    complete_setting,
    resolve,
)
from fnnctl.cli.parsing import number_from_0, share, whole_number
from fnnctl.config.table_files import TablePart
from fnnctl.console.output import Output
from fnnctl.errors import UsageError
from fnnctl.text import joined_words

if TYPE_CHECKING:
    from fnnctl.commands.drift import DriftCheck
    from fnnctl.config.reading.overrides import Override

DEFAULT_CONFIG = Path("fnnctl.yaml")
RUNS_DIR = Path("runs")


def number_option(name: str, description: str, *, least: int | None = None, most: int | None = None) -> Any:
    """An option for a whole number."""
    parser = whole_number(name, least=least, most=most)
    return typer.Option(name, metavar="N", parser=parser, help=description)


def run_option(name: str, description: str) -> Any:
    """An option that names a run."""
    return typer.Option(name, metavar="RUN", help=description, autocompletion=complete_run)


Config = Annotated[
    Path | None,
    typer.Argument(
        metavar="CONFIG",
        help="The experiment, a YAML file (default: fnnctl.yaml); - reads standard input.",
        autocompletion=resolve,
    ),
]
Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN",
        help="A path, a run folder's name or the start of it, a promoted name, an experiment's name (for its "
        "newest run), or `latest` (default) for the newest run.",
        autocompletion=complete_run,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a setting, e.g. training.epochs=50. Repeatable.",
        autocompletion=complete_setting,
    ),
]
Unset = Annotated[
    list[str] | None,
    typer.Option(
        "--unset",
        metavar="PATH",
        help="Remove a setting of the file, e.g. data.split.test. Repeatable; comes before --set.",
        autocompletion=complete_path,
    ),
]
RunsDir = Annotated[
    Path,
    typer.Option("--runs-dir", envvar="FNNCTL_RUNS_DIR", metavar="DIR", help="The folder of the runs."),
]
Name = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="The experiment's name (default: the config's)."),
]
Seed = Annotated[
    int | None,
    number_option("--seed", "The random seed (default: the config's)."),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter", metavar="CHARACTER", help="CSV delimiter (default: as in the training data)."
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="CSV encoding (default: as in the training data)."),
]
DecisionThreshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="X",
        parser=share("--threshold"),
        help="Predict the positive class at or above this probability (two classes only; default: the run's "
        "threshold).",
    ),
]
NoFigures = Annotated[
    bool,
    typer.Option("--no-figures", help="Draw no figures; `fnnctl report` draws them later."),
]

Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="METHOD",
        autocompletion=complete_method,
        help="grid, random, halving, hyperband, asha, bayes, bohb, evolution or nas (default: the config's).",
    ),
]
Workers = Annotated[
    int | None,
    number_option("--workers", "Number of parallel workers (default: the number of processors).", least=1),
]
MaxTrials = Annotated[
    int | None,
    number_option("--max-trials", "Start at most N trials.", least=1),
]
ReportFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        autocompletion=complete_format,
        help="terminal, markdown, html or json (default: from the extension of --output, else terminal).",
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write the report to this file: .txt, .md, .html or .json."
    ),
]


def _allow_plugins(names: list[str] | None) -> None:
    if names:
        from fnnctl.plugins import current  # which `--help` need not import

        current().allow(names)


AllowPlugin = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-plugin",
        metavar="NAME",
        callback=_allow_plugins,
        help="Let a run use the loss, metric or reader of tables of this name from an installed package. "
        "Repeatable.",
    ),
]
"""Its callback is all that it does: commands do not use the value."""


@dataclass(frozen=True)
class Changes:
    """What the command line changes in a config."""

    settings: Sequence[str] = ()
    """`PATH=VALUE`, as for `--set`."""
    name: str | None = None
    seed: int | None = None
    removed: Sequence[str] = ()
    """`PATH`, as for `--unset`."""

    @property
    def options(self) -> Mapping[str, object]:
        """The values by option."""
        return {"--set": self.settings, "--unset": self.removed, "--name": self.name, "--seed": self.seed}

    def overrides(self, *options: Override) -> list[Override]:
        """The changes in the order in which they are made, with those by other options of a command."""
        from fnnctl.config.reading.overrides import OptionValue, Removal

        values = OptionValue.if_given(name=self.name, seed=self.seed)
        return [*map(Removal, self.removed), *self.settings, *options, *values]


NO_CHANGES: Final = Changes()


def _changes(overrides: Set = None, removed: Unset = None, name: Name = None, seed: Seed = None) -> Changes:
    return Changes(overrides or (), name, seed, removed or ())


def _output(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output.")] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Hide progress, notes and most warnings."),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Show every epoch, full reports, and tracebacks of internal errors."
        ),
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="Print without colours, as NO_COLOR does.")
    ] = False,
) -> Output:
    return Output(json=json, quiet=quiet, verbose=verbose, color=not no_color)


@dataclass(frozen=True)
class Drift:
    """What `predict` does about rows that are unlike the training rows."""

    file: Path | None = None
    fails: bool = False
    psi: float | None = None
    p: float | None = None

    def check(self) -> DriftCheck | None:
        """The check that the options ask for; None without one of them."""
        if self.file is None and not self.fails:
            if names := given_options({"--drift-psi": self.psi, "--drift-p": self.p}):
                raise UsageError(f"{names}: only with --drift FILE or --fail-on-drift")
            return None
        from fnnctl.commands.drift import DriftCheck
        from fnnctl.metrics.drift import USUAL_LIMITS, DriftLimits

        psi = USUAL_LIMITS.psi if self.psi is None else self.psi
        return DriftCheck(
            self.file, self.fails, DriftLimits(psi, USUAL_LIMITS.p if self.p is None else self.p)
        )


NO_DRIFT: Final = Drift()


def _drift(
    drift: Annotated[
        Path | None,
        typer.Option(
            "--drift",
            metavar="FILE",
            help="Write to this CSV file how far each column is from the training rows.",
        ),
    ] = None,
    fail_on_drift: Annotated[
        bool,
        typer.Option(
            "--fail-on-drift",
            help="Exit with code 1, after the predictions, if a column or the predictions have shifted.",
        ),
    ] = False,
    drift_psi: Annotated[
        float | None,
        typer.Option(
            "--drift-psi",
            metavar="X",
            parser=number_from_0("--drift-psi"),
            help="A column may count as shifted above this population stability index (default: 0.1).",
        ),
    ] = None,
    drift_p: Annotated[
        float | None,
        typer.Option(
            "--drift-p",
            metavar="P",
            parser=share("--drift-p"),
            help="A column may count as shifted below this p, after Holm's correction (default: 0.01).",
        ),
    ] = None,
) -> Drift:
    return Drift(drift, fail_on_drift, drift_psi, drift_p)


def _part(
    table: Annotated[
        str | None,
        typer.Option("--table", metavar="NAME", help="The table or view of an SQLite file."),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--query", metavar="SQL", help="A SELECT statement: its rows are read from an SQLite file."
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option("--sheet", metavar="NAME", help="The sheet of an Excel file."),
    ] = None,
) -> TablePart:
    if table is not None and query is not None:
        raise UsageError("--table and --query: only one of them says which rows are read")
    for name, value in {"--table": table, "--query": query, "--sheet": sheet}.items():
        if value == "":
            raise UsageError(f"{name}: is empty")
    return TablePart(table=table, query=query, sheet=sheet)


SHARED: Final[Mapping[object, Callable[..., Any]]] = {
    Changes: _changes, Output: _output, Drift: _drift, TablePart: _part
}  # fmt: skip
"""How a parameter of a command of this type is made from options, which are those of the function."""


@functools.cache
def _options(make: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function; to evaluate them for each command would take milliseconds."""
    return inspect.signature(make, eval_str=True).parameters


def with_shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the options of `SHARED` in place of the parameters that are made from them.

    Typer reads a command's options from its signature.
    """
    parameters = inspect.signature(command, eval_str=True).parameters
    shared = {
        name: SHARED[parameter.annotation]
        for name, parameter in parameters.items()
        if parameter.annotation in SHARED
    }
    options: dict[str, inspect.Parameter] = {}
    for name, parameter in parameters.items():
        options |= _options(shared[name]) if name in shared else {name: parameter}

    @functools.wraps(command)
    def with_options(**values: Any) -> Any:
        made = {
            name: make(**{option: values.pop(option) for option in _options(make)})
            for name, make in shared.items()
        }
        return command(**values, **made)

    for option in options.values():
        for declared in getattr(option.annotation, "__metadata__", ()):
            declared.readable = False  # typer would report an unreadable file as a usage error
    keyword_only = [option.replace(kind=option.KEYWORD_ONLY) for option in options.values()]
    with_options.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]
    with_options.__annotations__ = {name: option.annotation for name, option in options.items()}
    return with_options


def given_options(options: Mapping[str, object]) -> str:
    """The names of the options that have a value, such as `--seed and --set`."""
    return joined_words([name for name, value in options.items() if value not in (None, [], ())])


def refuse_with_resume(options: Mapping[str, object]) -> None:
    """Raise `UsageError` if an option is given that a resumed run reads from its own config."""
    if names := given_options(options):
        raise UsageError(f"--resume uses the run's own config: leave out {names}")
