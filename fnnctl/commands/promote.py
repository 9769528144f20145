"""`fnnctl runs promote`: gives a run a name that every command knows, and shows which run had it when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fnnctl.console.output import Output
from fnnctl.console.text_table import table_lines
from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.store import promotions
from fnnctl.store.catalogue import displayed_status, find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.listing import is_run_path
from fnnctl.store.promotions import Naming, Promotion, no_such_name, read_promotions


def promote(run: str | RunFolder, name: str, context: Context) -> Naming:
    """Give a complete run the name; raises `UsageError` for another run, or a name that cannot be given."""
    folder = run if isinstance(run, RunFolder) else find_run(run, context.runs_dir)
    status = displayed_status(folder.read_manifest(), alive=folder.is_alive())
    if status != "completed":
        raise UsageError(f"{folder.path} is not complete ({status}): promote a run that is")
    return promotions.promote(folder.path, name, context.runs_dir)


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


def show_named(naming: Naming, context: Context, output: Output) -> None:
    """Say which run has the name now, and which had it before."""
    promotion, predecessor = naming.promotion, naming.predecessor
    if output.json:
        former_run = predecessor and predecessor.run
        facts = {"former": former_run, "is_new": naming.is_new}
        output.json_object({**_to_dict(promotion, context.runs_dir), **facts})
        return
    promoted = f"{context.runs_dir / (promotion.run or '')} is promoted as '{promotion.name}'"
    if not naming.is_new:
        output.note(f"{promoted} already, since {promotion.date}")
    elif predecessor:
        output.note(f"{promoted}; before it was {predecessor.run}, since {predecessor.date}")
    else:
        output.note(promoted)


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
