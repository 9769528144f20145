"""The best trials of a search with their settings, the most important ones first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from rich.cells import cell_len

from fnnctl.metrics.registry import label_of
from fnnctl.records.history import SearchHistory
from fnnctl.records.standings import can_go_on, leaderboard_table
from fnnctl.report.blocks import Block, Notes, Table
from fnnctl.report.searched_settings import paths_by_importance, setting_text, short_names
from fnnctl.report.summary import Summary
from fnnctl.report.topics.winner import result_text
from fnnctl.report.words import NOTHING, number
from fnnctl.space.layers import UNITS
from fnnctl.store import names
from fnnctl.text import counted

TOP: Final = 10
"""The number of leaderboard rows in a report."""
TABLE_WIDTH: Final = 76
"""The leaderboard's width on a terminal; settings that do not fit are only in leaderboard.csv."""
LAYER_SETTINGS: Final = (None, (UNITS, "activation"), (UNITS,))
"""The settings of a layer on a terminal: all, or the first of these selections that fits."""
GAP: Final = 3


def best_trials(summary: Summary) -> Iterator[Block]:
    """The leaderboard, and why a trial with a better objective may not be the best."""
    search = summary.search_history
    yield replace(leaderboard(search, None), narrow=leaderboard(search, TABLE_WIDTH))
    yield Notes("Better values after fewer epochs", tuple(_with_fewer_epochs(search)))


def leaderboard(search: SearchHistory, width: int | None) -> Table:
    """The best trials, with as many settings as fit into the width; with all, if it is None.

    Layers with more settings than fit are shortened, because the architecture is what a search over layers is
    about.
    """
    top, count = search.standings.ranked()[:TOP], len(search.standings.latest)
    columns = [
        ("trial", [str(result.trial) for result in top]),
        (label_of(search.metric), [result_text(result) for result in top]),
        ("epochs", [f"{search.standings.epochs[result.trial]:,}" for result in top]),
    ]
    assignments = [search.trials[result.trial].assignment for result in top]
    names_of_results = {name for name, _ in columns}
    used = sum(map(_width, columns))
    paths, settings, is_short = paths_by_importance(search), [], False
    for path, short in zip(paths, short_names(paths), strict=True):
        name = path if short in names_of_results else short
        for kept in LAYER_SETTINGS:
            texts = [
                setting_text(values[path], kept) if path in values else NOTHING for values in assignments
            ]
            if width is None or used + _width((name, texts)) <= width:
                settings.append((name, texts))
                used += _width((name, texts))
                is_short |= kept is not None
                break
    columns += settings
    rows = tuple(zip(*(texts for _, texts in columns), strict=True))
    title = f"Best of {count:,} trials" if count > TOP else "Leaderboard"
    if left := len(paths) - len(settings):
        title += f"; {counted(left, 'more setting')} in {names.LEADERBOARD}"
    elif is_short:
        title += f"; all settings of the layers are in {names.LEADERBOARD}"
    are_texts = [not all(map(_is_number, texts)) for _, texts in columns]
    texts_at = (index for index in range(3, len(columns)) if are_texts[index])
    return Table(title, tuple(name for name, _ in columns), rows, texts=(0, *texts_at))


def _is_number(text: str) -> bool:
    """Whether the text of a setting is a number, or stands for none."""
    try:
        float(text)
    except ValueError:
        return text == NOTHING
    return True


def _width(column: tuple[str, Sequence[str]]) -> int:
    name, texts = column
    return GAP + max(map(cell_len, (name, *texts)))


def _with_fewer_epochs(search: SearchHistory) -> Iterator[str]:
    """Why trials whose objective is better than the best trial's are not the best."""
    if (best := search.winner) is None:
        return
    loss, standings = search.loss_of(best), search.standings
    contenders = {result.trial for result in standings.contenders()}
    results = [
        result
        for result in standings.ranked()
        if can_go_on(result) and result.trial not in contenders and search.loss_of(result) < loss
    ]
    if results:
        first, count = results[0], len(results)
        trials, verb = counted(count, "trial"), "has" if count == 1 else "have"
        example = f"trial {first.trial}: {number(first.objective)} after {counted(first.budget, 'epoch')}"
        yield (
            f"{trials} {verb} a better {label_of(search.metric)} than trial {best.trial}, but with fewer "
            f"epochs ({example}). The best trial is chosen among those with the most epochs."
        )


def json_entries(summary: Summary) -> Mapping[str, Any]:
    """The best trials with their configurations."""
    search = summary.search_history
    columns, rows = leaderboard_table(search.trials, search.standings, ())
    top = (dict[str, Any](zip(columns, values, strict=True)) for values in islice(rows, TOP))
    return {
        "leaderboard": [{**row, "configuration": dict(search.trials[row["trial"]].assignment)} for row in top]
    }
