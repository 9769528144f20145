"""`fnnctl runs promote`: gives a run a name that every command knows, and shows which run had it when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fnnctl.console.output import Output
from fnnctl.console.text_table import table_lines
from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.store import promotions
from fnnctl.store.catalogue import displayed_status, find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.listing import is_run_path
from fnnctl.store.promotions import Promotion, no_such_name, read_promotions, refuse_odd_name


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A name, the run that has it, and the run that had it before."""

    runs_dir: Path
    promotion: Promotion
    former: Promotion | None
    """None if no other run had the name just before."""
    is_new: bool
    """Whether the run has just been given the name."""


def promote(run: str | RunFolder, name: str, context: Context) -> NamedRun:
    """Give a complete run the name; raises `UsageError` for another run, or a name that cannot be given."""
    refuse_odd_name(name)
    folder = run if isinstance(run, RunFolder) else find_run(run, context.runs_dir)
    status = displayed_status(folder.read_manifest(), alive=folder.is_alive())
    if status != "completed":
        raise UsageError(f"{folder.path} is not complete ({status}): promote a run that is")
    promotion, former, is_new = promotions.promote(folder.path, name, context.runs_dir)
    return NamedRun(context.runs_dir, promotion, former, is_new)


def withdraw(name: str, context: Context) -> Promotion:
    """Take a name from its run; raises `UsageError` if no run has it."""
    return promotions.withdraw(name, context.runs_dir)


def promotion_history(name: str | None, context: Context) -> Sequence[Promotion]:
    """All promotions, or those of a name, the newest last; raises `UsageError` for a name without any."""
    history = read_promotions(context.runs_dir)
    chosen = [promotion for promotion in history.history if name in (None, promotion.name)]
    if name is not None and not chosen:
        raise no_such_name(name, sorted({promotion.name for promotion in history.history}))
    return chosen


def show_named(named: NamedRun, output: Output) -> None:
    """Say which run has the name now, and which had it before."""
    promotion, former = named.promotion, named.former
    if output.json:
        output.json_object(
            {**_to_dict(promotion, named.runs_dir), "former": former and former.run, "is_new": named.is_new}
        )
        return
    path = named.runs_dir / (promotion.run or "")
    if not named.is_new:
        output.note(f"{path} is promoted as '{promotion.name}' already, since {promotion.date}")
        return
    before = f"; before it was {former.run}, since {former.date}" if former else ""
    output.note(f"{path} is promoted as '{promotion.name}'{before}")


def show_withdrawn(promotion: Promotion, context: Context, output: Output) -> None:
    """Say which run has lost its name."""
    if output.json:
        output.json_object(_to_dict(promotion, context.runs_dir))
    else:
        output.note(f"'{promotion.name}' stands for no run any more; it was {promotion.run}")


def show_history(history: Sequence[Promotion], context: Context, output: Output) -> None:
    """Print the promotions, one a line."""
    if output.json:
        entries = [_to_dict(promotion, context.runs_dir) for promotion in history]
        output.json_object({"promotions": entries})
    elif history:
        table = {
            "name": [promotion.name for promotion in history],
            "run": [_run_text(promotion, context.runs_dir) for promotion in history],
            "promoted": [promotion.date for promotion in history],
        }
        output.lines(f"{line}\n" for line in table_lines(table))
    else:
        output.note(f"no run in {context.runs_dir} was promoted; `fnnctl runs promote RUN --as NAME` does it")


def _run_text(promotion: Promotion, runs_dir: Path) -> str:
    if promotion.run is None:
        return "(withdrawn)"
    return promotion.run if is_run_path(runs_dir / promotion.folder) else f"{promotion.run} (gone)"


def _to_dict(promotion: Promotion, runs_dir: Path) -> dict[str, object]:
    run = None if promotion.run is None else str(runs_dir / promotion.run)
    return {"name": promotion.name, "run": run, "promoted": promotion.time}
