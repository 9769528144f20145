"""Which rows a run and its ancestors were trained on, and which rows of other data these are.

Rows are recognized by salted digests of what the networks read of them, and of the target; with
`data.split.group` by their group. Of k equal rows of which c were used, the first c count as seen: that a
value occurs again does not make a new row an old one.

With several targets, one may be added to a row, or corrected. So a row whose targets are not those of a seen
one is recognized without them: of k rows that are equal but for targets, of which c were used, those with the
same targets are seen, and then the first ones, c in all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import BoolArray, IntArray, UnsignedArray
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.warm_start import WARM_START
from fnnctl.data.row_digests import DigestedColumns, RowDigester, are_of_features, ranks
from fnnctl.data.splits.seen_rows import SeenRows, of_members
from fnnctl.errors import ConfigError, Problem
from fnnctl.modelling.fit import Fit, rows_to_train_on
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.trained_rows import RowCounts, StoredRows
from fnnctl.tasks.task import TaskData
from fnnctl.text import quoted


def rows_of_parent(run: RunFolder) -> StoredRows:
    """The rows that a run was trained on, for a training that goes on from it.

    Raises `ConfigError` for a run of a version before 0.13, which does not know them.
    """
    stored = run.read_trained_rows()
    if stored is None:
        version = run.read_manifest().fnnctl
        is_older = [int(part) for part in re.findall(r"\d+", version or "")[:2]] < [0, 13]
        why = (
            f"fnnctl {version} wrote the run; 0.13 and later keep this file" if is_older else "it was removed"
        )
        message = (
            f"{run.path} has no {names.TRAINED_ROWS}, by which its training rows are told from new ones "
            f"({why}): train it again from nothing"
        )
        raise ConfigError(Problem(message, path=WARM_START))
    _digester(stored, run)  # which refuses a damaged file
    return stored


def rows_of_ancestors(run: RunFolder) -> StoredRows | None:
    """The rows that the ancestors of a run were trained on, from the run's own file; None if it has none."""
    stored = run.read_trained_rows()
    if stored is None or stored.former is None:
        return None
    _digester(stored, run)
    return StoredRows(stored.salt, stored.columns, stored.digests, stored.former)


def seen_rows(stored: StoredRows, data: TaskData) -> SeenRows:
    """Which rows of these data are those that are stored."""
    digester = _digester(stored)
    if not stored.digests.size:
        none = np.zeros(len(data), np.bool_)
        return SeenRows(none, of_members(none[None], len(stored.counts.trained)))
    row_digests = digester.of_dataset(data.dataset)
    rank, counts = _ranks(digester, row_digests), _counts_of(stored, row_digests)
    used, trained = rank < counts.used, rank < counts.trained
    if not digester.columns.has_several_targets:
        return SeenRows(used, trained)
    features = digester.of_features(data.dataset)
    counts = _counts_of(stored, features)
    with_former_targets = [
        # Those that a member has used are taken last: they are known not to have trained this one.
        _seen_by_features(features, of_member, own_counts, last=used)
        for of_member, own_counts in zip(trained, counts.trained, strict=True)
    ]
    return SeenRows(_seen_by_features(features, used, counts.used, last=used), np.array(with_former_targets))


def _seen_by_features(
    features: UnsignedArray, is_seen: BoolArray, counts: IntArray, *, last: BoolArray
) -> BoolArray:
    """(N,) the rows that are seen, and of the others as many as the `counts` (N,) of their features say.

    Those that are marked as the `last` ones are taken last.
    """
    order = np.argsort(np.where(is_seen, 0, 1 + last), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = ranks(features[order])
    return is_seen | (rank < counts)


def _counts_of(stored: StoredRows, digests: UnsignedArray) -> RowCounts:
    """The counts of digests (N,), which are 0 for those that are not stored."""
    places = np.searchsorted(stored.digests, digests).clip(max=len(stored.digests) - 1)
    is_stored = stored.digests[places] == digests
    counts = stored.counts
    return RowCounts(counts.trained[:, places] * is_stored, counts.used[places] * is_stored)


def trained_rows_of(data: TaskData, fits: Sequence[Fit], former: StoredRows | None = None) -> StoredRows:
    """The rows that one fit trains its members on, or that several fits train an ensemble on together.

    With those of the ancestors, if there are `former` ones; their salt and columns are kept.
    """
    digester = _new_digester(data, fits) if former is None else _digester(former)
    row_digests = digester.of_dataset(data.dataset)
    rank = _ranks(digester, row_digests)
    has_several = digester.columns.has_several_targets
    features = digester.of_features(data.dataset) if has_several else None
    used_rows = np.unique(np.concatenate([_used(data, fit) for fit in fits]))
    members = [rows for fit in fits for rows in _members(data, fit)]
    if len(fits) > 1:
        members = [np.unique(np.concatenate(members))]
    digests = np.unique(row_digests[used_rows])
    if features is not None:
        digests = np.union1d(digests, features[used_rows])
    if former is not None:
        digests = np.union1d(digests, former.digests)
    before = _counts_before(former, digests, len(members))
    by_group = digester.columns.group is not None

    def added(rows: IntArray, counts: IntArray, is_seen: BoolArray | None) -> IntArray:
        """The counts (D,) with those of the rows that they do not have yet; (N,) are seen."""
        places = np.searchsorted(digests, row_digests[rows])
        sums = counts + np.bincount(places[rank[rows] >= counts[places]], minlength=len(digests))
        if features is not None and is_seen is not None:
            places = np.searchsorted(digests, features[rows[~is_seen[rows]]])
            sums += np.bincount(places, minlength=len(digests))
        return np.minimum(sums, 1) if by_group else sums

    seen: list[BoolArray | None] = [None] * (len(members) + 1)
    if features is not None:
        seen_before = seen_rows(StoredRows(digester.salt, asdict(digester.columns), digests, before), data)
        seen = [*seen_before.trained, seen_before.used]
    trained = [added(*each) for each in zip(members, before.trained, seen[:-1], strict=True)]
    counts = RowCounts(np.array(trained), added(used_rows, before.used, seen[-1]))
    columns = asdict(digester.columns)
    return StoredRows(digester.salt, columns, digests, counts, None if former is None else before)


def trained_rows_facts(stored: StoredRows) -> dict[str, Any]:
    """The manifest's facts about the rows of a run and its ancestors."""
    columns = _digester(stored).columns
    every = np.ones(len(stored.digests), np.bool_)
    of_rows = ~are_of_features(stored.digests) if columns.has_several_targets else every
    counts = [
        0 if part is None else int(part.trained.max(axis=0)[of_rows].sum())
        for part in (stored.counts, stored.former)
    ]
    unit = "row" if columns.group is None else "group"
    return {"trained": counts[0], "new": counts[0] - counts[1], "unit": unit}


@dataclass(frozen=True, slots=True)
class UnseenRows:
    """Rows of which a run has seen none."""

    rows: IntArray
    """(n,) those that are left."""
    seen: int
    """How many it has seen."""
    reason: str | None = None
    """Why none is recognized, in words; None if they are."""


def unseen_rows(data: TaskData, rows: IntArray, run: RunFolder) -> UnseenRows:
    """Those of some rows (n,) of the data that neither trained nor validated a run or its ancestors."""
    stored = run.read_trained_rows()
    if stored is None:
        return UnseenRows(rows, 0, f"{run.path} has no {names.TRAINED_ROWS}, as runs of versions before 0.13")
    columns, dataset = _digester(stored, run).columns, data.dataset
    if columns.group is not None and dataset.groups is None:
        reason = f"the rows have no groups by {quoted(columns.group)}, by which {run.path} recognizes them"
        return UnseenRows(rows, 0, reason)
    missing = [name for name in columns.numeric if name not in dataset.numeric_names]
    missing += [name for name in columns.categorical if name not in dataset.categorical_names]
    if columns.group is None and missing:
        reason = f"the data lack {quoted(missing[0])}, by which {run.path} recognizes its rows"
        return UnseenRows(rows, 0, reason)
    remaining = rows[~seen_rows(stored, data).used[rows]]
    return UnseenRows(remaining, len(rows) - len(remaining))


def _digester(stored: StoredRows, run: RunFolder | None = None) -> RowDigester:
    """The digester of stored digests; raises `DataError` if their columns are not described."""
    try:
        columns = DigestedColumns(**stored.columns)
        columns = DigestedColumns(
            tuple(columns.numeric),
            tuple(columns.categorical),
            columns.target,
            columns.exposure,
            columns.group,
        )
    except TypeError as error:
        if run is None:
            raise
        raise damaged(run.path / names.TRAINED_ROWS, "is damaged: its columns are not described") from error
    return RowDigester(stored.salt, columns)


def _new_digester(data: TaskData, fits: Sequence[Fit]) -> RowDigester:
    """Digests of the columns that one of the networks reads."""
    preprocessors = [fit.preprocessor for fit in fits]
    settings: Experiment = fits[0].experiment
    return RowDigester.new(
        DigestedColumns(
            tuple(sorted({number.name for each in preprocessors for number in each.numbers})),
            tuple(sorted({column.name for each in preprocessors for column in each.categories})),
            data.task.targets if len(data.task.targets) > 1 else data.task.targets[0],
            settings.data.exposure,
            settings.data.split.group,
        )
    )


def _ranks(digester: RowDigester, row_digests: UnsignedArray) -> IntArray:
    """(N,) how many equal rows are before each row; 0 for groups, which are seen as a whole."""
    if digester.columns.group is not None:
        return np.zeros(len(row_digests), np.int64)
    return ranks(row_digests)


def _counts_before(former: StoredRows | None, digests: UnsignedArray, members: int) -> RowCounts:
    """The ancestors' counts of these digests (D,), for each of the members."""
    trained, used = np.zeros((members, len(digests)), np.int64), np.zeros(len(digests), np.int64)
    if former is not None:
        places = np.searchsorted(digests, former.digests)
        trained[:, places] = of_members(former.counts.trained, members)
        used[places] = former.counts.used
    return RowCounts(trained, used)


def _members(data: TaskData, fit: Fit) -> list[IntArray]:
    """The rows that each member trains on; one entry if all train on the same."""
    bags = fit.bags(data) or (fit.split(data),)
    return [rows_to_train_on(data, fit.experiment, fit.rows, bag, number) for number, bag in enumerate(bags)]


def _used(data: TaskData, fit: Fit) -> IntArray:
    """The rows that train or validate a member, or that preprocessing is fitted to."""
    split = fit.split(data)
    return np.union1d(split.train, split.validation)
