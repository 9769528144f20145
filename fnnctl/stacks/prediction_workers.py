"""Predicts the rows of a file as lines of CSV on several workers: rows are read here, and scored there.

Reading stays in one process, so that notes and errors come in the order of the rows. A row's scores do not
depend on the other rows, so the lines are the same for any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from fnnctl.arrays import IntArray
from fnnctl.data.row_encoder import NewRows
from fnnctl.errors import FnnctlError
from fnnctl.modelling.drift import DriftCounter
from fnnctl.modelling.explanations.contributions import ROWS_TOGETHER, Explanation
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.scored_rows import explained_rows, predicted_rows
from fnnctl.store.tables import wide_lines

if TYPE_CHECKING:  # few rows need no executor
    from fnnctl.executors.protocols import Progress, Warn

ITEM_ROWS: Final = 2048
"""An item of work has at least this many rows, four batches of scores."""
ROW_VALUES: Final = 100_000
"""Computing the features of a row and writing its line takes as long as this many products: 2 to 4.4 µs for
20 mixed columns, where a product of the three recipes takes 0.026 to 0.036 ns."""
WORTH_VALUES: Final = 2**32
"""Workers start if more rows are left after about this many products, 0.1 s: to start two takes 0.05 s."""
MOST_AHEAD: Final = 8
"""This many finished items per worker wait for an earlier one; then no further rows are read."""


@dataclass(frozen=True, slots=True)
class PredictedLines:
    """How rows become lines."""

    predictor: Predictor
    file: str
    """The name of the input in messages."""
    top: int | None
    decimals: int | None
    explanation: Explanation | None = None
    """None: no contributions of columns are written."""
    counter: DriftCounter | None = None
    """Counts the rows, those of workers, too; None if they are not counted."""

    def lines(self, blocks: Iterable[NewRows], first: int) -> Iterator[str]:
        """The lines of consecutive rows, the first of which has this number; a text per batch."""
        counter = self.counter
        if self.explanation is not None:
            explained = explained_rows(self.explanation, blocks, self.file, top=self.top, counter=counter)
            return wide_lines(explained, decimals=self.decimals)
        rows = predicted_rows(self.predictor, blocks, self.file, top=self.top, first=first, counter=counter)
        return wide_lines(rows, decimals=self.decimals)

    @property
    def row_values(self) -> int:
        """About how many products a row takes."""
        networks = (network for part in self.predictor.parts for network in part.scorer.networks)
        scored = 1 if self.explanation is None else self.explanation.explainer.rows_per_row
        return ROW_VALUES + scored * sum(network.parameters.size for network in networks)

    @property
    def item_rows(self) -> int:
        """An item of work has at least this many rows: few, if their contributions take long."""
        return ITEM_ROWS if self.explanation is None else ROWS_TOGETHER

    def in_items(self, blocks: Iterator[NewRows]) -> Iterator[NewRows]:
        """The blocks, of which those with contributions are divided."""
        if self.explanation is None:
            return blocks
        return (
            block.part(slice(start, start + ROWS_TOGETHER))
            for block in blocks
            for start in range(0, len(block), ROWS_TOGETHER)
        )


def predicted_lines(
    form: PredictedLines, blocks: Iterator[NewRows], *, workers: int, warn: Warn
) -> Iterator[str]:
    """The lines of all rows, in order; `warn` is called with a message if the system starts no workers.

    Whether workers start is decided by counts: the first rows are predicted in this process. If some rows
    cannot be read, the lines of all blocks before them come first, and then the error.
    """
    readable = _Readable(blocks)
    yield from _readable_lines(form, form.in_items(readable), workers, warn)
    if readable.error:
        raise readable.error


class _Readable:
    """Blocks until one cannot be read; `error` then says why."""

    def __init__(self, blocks: Iterator[NewRows]) -> None:
        self._blocks = blocks
        self.error: FnnctlError | None = None

    def __iter__(self) -> Iterator[NewRows]:
        return self

    def __next__(self) -> NewRows:
        try:
            return next(self._blocks)
        except FnnctlError as error:
            self.error = error
            raise StopIteration from error


def _readable_lines(
    form: PredictedLines, blocks: Iterator[NewRows], workers: int, warn: Warn
) -> Iterator[str]:
    if workers < 2:
        yield from form.lines(blocks, 0)
        return
    most, rows = WORTH_VALUES // form.row_values, 0

    def first_blocks() -> Iterator[NewRows]:
        nonlocal rows
        for block in blocks:
            rows += len(block)
            yield block
            if rows >= most:
                return

    yield from form.lines(first_blocks(), 0)
    if (block := next(blocks, None)) is None:
        return
    from fnnctl.executors.processes import can_fork

    remaining = chain([block], blocks)
    if can_fork():
        yield from _on_workers(form, remaining, workers, warn)
    else:
        yield from form.lines(remaining, rows)


def _on_workers(form: PredictedLines, blocks: Iterator[NewRows], workers: int, warn: Warn) -> Iterator[str]:
    from fnnctl.executors.registry import make_executor
    from fnnctl.executors.work import run_queue

    items = enumerate(_items(blocks, form.item_rows))
    waiting: dict[int, ItemLines] = {}
    with make_executor("processes", workers=workers, poll=lambda done: False, warn=warn) as executor:
        shared = executor.share(form)

        def next_item() -> tuple[int, tuple[object, ...]] | None:
            item = next(items, None) if len(waiting) < MOST_AHEAD * workers else None
            return None if item is None else (item[0], (shared, item[1]))

        following = 0
        for index, lines in run_queue(executor, predict_item, next_item):
            waiting[index] = lines
            while following in waiting:
                ended = waiting.pop(following)
                yield ended.text
                if ended.error:
                    raise ended.error
                if form.counter:
                    form.counter.add(ended.counts)
                following += 1


def _items(blocks: Iterable[NewRows], least: int) -> Iterator[list[NewRows]]:
    item: list[NewRows] = []
    rows = 0
    for block in blocks:
        item.append(block)
        rows += len(block)
        if rows >= least:
            yield item
            item, rows = [], 0
    if item:
        yield item


class ItemLines(NamedTuple):
    """What a worker makes of consecutive rows."""

    text: str
    """Their lines."""
    error: FnnctlError | None
    """What ended them early."""
    counts: Sequence[IntArray]
    """Those of the form's counter, if it has one."""


def predict_item(progress: Progress, form: PredictedLines, blocks: list[NewRows]) -> ItemLines:
    """The lines of consecutive rows; an error is returned, because those of earlier rows come first."""
    texts: list[str] = []
    form = replace(form, counter=form.counter and form.counter.fresh())
    failure: FnnctlError | None = None
    try:
        texts.extend(form.lines(blocks, blocks[0].first))
    except FnnctlError as error:
        failure = error
    return ItemLines("".join(texts), failure, form.counter.counts if form.counter else ())
