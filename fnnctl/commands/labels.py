"""`fnnctl runs tag` and `fnnctl runs note`: words and a text that a run is found by again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.labels import Labels, change_labels, refuse_tags
from fnnctl.store.listing import is_run_path
from fnnctl.store.volumes import is_in_memory


def tag(run: str | RunFolder, words: Sequence[str], context: Context) -> RunFolder:
    """Give a run tags; raises `UsageError` for a word that is no tag."""
    refuse_tags(words)
    return _changed(run, lambda labels: labels.with_tags(words), context)


def untag(run: str | RunFolder, words: Sequence[str], context: Context) -> RunFolder:
    """Take tags from a run; raises `UsageError` for one that it does not have."""
    return _changed(run, lambda labels: labels.without_tags(words), context)


def write_note(run: str | RunFolder, text: str, context: Context) -> RunFolder:
    """Write the run's note in place of the former one; an empty text removes it."""
    return _changed(run, lambda labels: labels.with_note(text), context)


def _changed(run: str | RunFolder, change: Callable[[Labels], Labels], context: Context) -> RunFolder:
    folder = run if isinstance(run, RunFolder) else find_run(run, context.runs_dir)
    outer = folder.path.absolute().parent
    if not is_in_memory(folder.path) and is_run_path(outer):  # it is replaced if the search is extended
        raise UsageError(f"{folder.path} is a part of the search {folder.path.parent}: name the search")
    change_labels(folder.path, change)
    return folder


def show_labels(folder: RunFolder, output: Output) -> None:
    """Say which tags and which note the run has now."""
    labels = folder.read_labels()
    if output.json:
        run = {"run": str(folder.path), "tags": [*labels.tags], "note": labels.note}
        output.json_object(run)
        return
    tags = f"has the {'tag' if len(labels.tags) == 1 else 'tags'} {', '.join(labels.tags)}"
    output.note(f"{folder.path} {tags if labels.tags else 'has no tag'}")
    if labels.note:
        output.note(f"its note: {labels.note}")
