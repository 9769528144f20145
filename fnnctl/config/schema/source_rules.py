"""What is wrong with settings of the `data` section beside the kinds of its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fnnctl.config.problems import no_effect, no_effect_without, sentence
from fnnctl.config.schema.setting import Place
from fnnctl.config.sources import ARRAY_REASON, BUILTIN_NAMES
from fnnctl.config.table_files import part_reason
from fnnctl.config.table_kinds import ARRAYS, kind_by_ending, kind_by_name
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment


def has_own_notation(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With built-in data, which come with their own format."""
    source = experiment.data.source
    if source in BUILTIN_NAMES:
        yield no_effect(f"{source} is built in and comes with its own format", "data.source")


def is_array(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With arrays, which hold numbers only."""
    if experiment.data.source.endswith(".npz"):
        yield no_effect(ARRAY_REASON, "data.source")


def has_types(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With files that say themselves what their values are, as Parquet files do."""
    data = experiment.data
    kind, test_kind = map(kind_by_name, (data.source, data.test_source or data.source))
    if kind.has_types and test_kind.has_types:
        yield no_effect(kind.reason, "data.source", "data.test_source")


def has_one_table(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With other kinds of files, which have one table."""
    data = experiment.data
    for source in (data.source, data.test_source or data.source):
        kind = kind_by_ending(source)
        is_other = source in BUILTIN_NAMES or source.endswith(ARRAYS) or kind is not None
        if not is_other or (kind is not None and place.key in kind.parts):
            return
    yield no_effect(part_reason(place.key), "data.source", "data.test_source")


def a_table_and_a_query(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With `data.query`, which says which rows of which tables are read."""
    if experiment.data.query is not None:
        yield sentence("data.query says which rows are read", "data.query", advice="remove one of the two")


def no_test_file(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """Without a `data.test_source`."""
    if experiment.data.test_source is None:
        yield no_effect_without("data.test_source")


def has_test_file(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With a `data.test_source`, which is the test part."""
    if experiment.data.test_source is not None:
        yield no_effect("data.test_source is the test part", "data.test_source")
