"""The format `optuna`: a search as a journal file of Optuna, for its dashboard and its analyses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from fnnctl.errors import UsageError
from fnnctl.export.format import Exported, ExportFormat

if TYPE_CHECKING:
    from fnnctl.context import Context
    from fnnctl.store.folder import RunFolder

NAME: Final = "optuna"


def _is_search(run: RunFolder) -> bool:
    return run.read_manifest().kind == "search"


def _export(run: RunFolder, output: str | None, context: Context) -> Exported:
    from fnnctl.export.study import study_of
    from fnnctl.records.optuna_journal import State, study_lines
    from fnnctl.store.atomic import refuse_output, write_output
    from fnnctl.text import counted

    if output is None:
        raise UsageError("name the file: --output journal.log")
    refuse_output(Path(output))
    study = study_of(run)
    write_output(Path(output), study_lines(study))
    states = {state: sum(trial.state is state for trial in study.trials) for state in State}
    amounts = ", ".join(f"{count} {state.name}" for state, count in states.items() if count)
    lines = (
        f"wrote {output}: the study {study.name} with {counted(len(study.trials), 'trial')} ({amounts})",
        f"to look at it: optuna-dashboard {output}",
    )
    return Exported(NAME, run.path, output, facts={"trials": len(study.trials)}, lines=lines)


OPTUNA: Final = ExportFormat(
    name=NAME, label="a search as an Optuna journal", takes=_is_search, export=_export
)
