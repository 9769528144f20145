"""Salted digests of rows, by which a run recognizes the rows that it was trained on.

Equal rows have equal digests in every form of a table: a digest is of the values of some columns by name, as
all forms give them (see `comparable_numbers`), and of the target. The values are not in it, and with another
salt every digest is another one. A row with several targets also has a digest without them, because one that
is missing may come later.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, IntArray, UnsignedArray
from fnnctl.data.columns.conversion import number_of_category
from fnnctl.data.columns.formats.dates import DateFormat
from fnnctl.data.columns.formats.moments import day_number
from fnnctl.data.comparable_numbers import comparable
from fnnctl.data.dataset import Dataset

SALT_BYTES: Final = 16
_DIGEST_BYTES: Final = 8
_IS_OF_FEATURES: Final = np.uint64(1)
"""The bit of a digest of a row without its targets."""
_BLOCK_VALUES: Final = 2**18
_MISSING: Final = "missing"
"""Hashed as a text of its own kind; see `_hashed_texts`."""


@dataclass(frozen=True, slots=True)
class DigestedColumns:
    """What the digest of a row is made of."""

    numeric: tuple[str, ...]
    """Names, sorted."""
    categorical: tuple[str, ...]
    """Names, sorted."""
    target: str | tuple[str, ...]
    """The column, or several of them."""
    exposure: str | None = None
    """The column of exposures; None if the rows have none."""
    group: str | None = None
    """The column of groups. If there is one, a digest is that of the row's group, and of nothing else."""

    @property
    def has_several_targets(self) -> bool:
        """Whether a row has two digests: with its targets, some of which may come later, and without."""
        return not isinstance(self.target, str) and self.group is None


@dataclass(frozen=True, slots=True)
class RowDigester:
    """Makes digests of rows."""

    salt: bytes
    columns: DigestedColumns

    @classmethod
    def new(cls, columns: DigestedColumns) -> RowDigester:
        """One whose digests can be compared with no others."""
        return cls(os.urandom(SALT_BYTES), columns)

    def of_dataset(self, rows: Dataset) -> UnsignedArray:
        """(N,) uint64, the digests of all rows.

        A column that the data set lacks counts as missing. With groups, the rows of a test file, which have
        none, are never recognized. With several targets they are even numbers.
        """
        digests = self._of_rows(rows, has_targets=True)
        return digests & ~_IS_OF_FEATURES if self.columns.has_several_targets else digests

    def of_features(self, rows: Dataset) -> UnsignedArray:
        """(N,) the digests of all rows without their targets, which are several: odd numbers."""
        return self._of_rows(rows, has_targets=False) | _IS_OF_FEATURES

    def _of_rows(self, rows: Dataset, *, has_targets: bool) -> UnsignedArray:
        columns, exposures = self.columns, rows.exposures
        if columns.group is not None:
            return self._of_groups(rows)
        first_days = _first_days(rows)
        offsets = np.array([first_days.get(name, 0.0) for name in columns.numeric])
        names = {name: index for index, name in enumerate(rows.numeric_names)}
        numeric = [index for name in columns.numeric if (index := names.get(name)) is not None]
        places = [place for place, name in enumerate(columns.numeric) if name in names]
        coded = [self._category_hashes(rows, name) for name in columns.categorical]
        if has_targets:
            coded += [(target.codes, self._hashed_texts(target.texts)) for target in rows.targets]
        width = len(columns.numeric) + len(coded) + (columns.exposure is not None)
        digests = np.empty(len(rows), np.uint64)
        step = max(1, _BLOCK_VALUES // width)
        for start in range(0, len(rows), step):
            block = slice(start, min(start + step, len(rows)))
            contents = np.empty((block.stop - start, width), np.uint64)
            contents[:, : len(columns.numeric)] = np.float64(np.nan).view(np.uint64)
            numbers = rows.comparable_numbers(block, numeric) + offsets[places]
            contents[:, places] = numbers.view(np.uint64)
            for place, (codes, hashes) in enumerate(coded, len(columns.numeric)):
                contents[:, place] = hashes[codes[block]]
            if columns.exposure is not None:
                values = np.full(len(contents), np.nan) if exposures is None else exposures[block]
                contents[:, -1] = comparable(values.astype(np.float64)).view(np.uint64)
            digests[block] = self._digests(contents)
        return digests

    def _of_groups(self, dataset: Dataset) -> UnsignedArray:
        groups = np.full(len(dataset), -1) if dataset.groups is None else dataset.groups
        hashes = self._hashed_texts(dataset.group_texts)
        return self._digests(hashes[:, None])[groups]

    def _category_hashes(self, rows: Dataset, name: str) -> tuple[IntArray, UnsignedArray]:
        """The codes of a categorical column (n,), and the hash of each code; the last is that of -1."""
        if name not in rows.categorical_names:
            return np.full(len(rows), -1), self._hashed_texts(())
        index = rows.categorical_names.index(name)
        return rows.categorical[:, index], self._hashed_texts(rows.categories[index])

    def _hashed_texts(self, texts: Sequence[str]) -> UnsignedArray:
        """(texts + 1,) uint64, equal for spellings of one number; the last is that of a missing value."""
        spelled = [
            f"number {float(n)!r}" if (n := number_of_category(t)) is not None else f"text {t}" for t in texts
        ]
        key = self._key
        hashes = [
            hashlib.blake2b(
                text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES, key=key
            ).digest()
            for text in (*spelled, _MISSING)
        ]
        return np.frombuffer(b"".join(hashes), np.uint64)

    def _digests(self, contents: UnsignedArray) -> UnsignedArray:
        """(n,) the keyed digests of n rows of contents (n, width)."""
        key, blake2b, width = self._key, hashlib.blake2b, contents.shape[1] * contents.itemsize
        whole = contents.astype("<u8", copy=False).tobytes()
        digests = [
            blake2b(whole[start : start + width], digest_size=_DIGEST_BYTES, key=key).digest()
            for start in range(0, len(whole), width)
        ]
        return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64, copy=False)

    @property
    def _key(self) -> bytes:
        """The salt together with the names of the columns, so that values count by name."""
        names = json.dumps(asdict(self.columns)).encode()
        return hashlib.blake2b(names, digest_size=32, key=self.salt).digest()


def _first_days(dataset: Dataset) -> dict[str, float]:
    """The day from which each column of days counts: it is that of the first date of a table."""
    return {
        name: float(day_number(form.since))
        for source, form in dataset.formats.items()
        if isinstance(form, DateFormat)
        for name, part in zip(form.columns(source), form.parts, strict=True)
        if part == "days"
    }


def are_of_features(digests: UnsignedArray) -> BoolArray:
    """(n,) which digests of rows with several targets are those without their targets."""
    return (digests & _IS_OF_FEATURES).astype(np.bool_)


def ranks(digests: UnsignedArray) -> IntArray:
    """(n,) for each row, how many rows before it have the same digest."""
    order = np.argsort(digests, kind="stable")
    ordered = digests[order]
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(is_first)
    rank = np.empty(len(ordered), np.int64)
    rank[order] = np.arange(len(ordered)) - np.repeat(starts, np.diff(starts, append=len(ordered)))
    return rank
