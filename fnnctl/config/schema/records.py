"""The records of all settings by their paths, read from the classes of the sections.

Unlike the JSON Schema, they cost no start-up time: the classes are there in any case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from fnnctl.config.paths import ConfigPath
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Setting, setting_of


@dataclass(frozen=True, slots=True)
class SettingRecord:
    """A setting at its path: in one section of those that a union allows there."""

    path: ConfigPath
    """An entry of a list, such as a layer, has the index 0."""
    section: type[Section]
    info: FieldInfo
    setting: Setting

    @property
    def key(self) -> str:
        """The name of the section's field."""
        return str(self.path[-1])

    def translations(self) -> Iterator[tuple[str, str]]:
        """The names that other tools use for the setting and its values, each with ours."""
        for name in self.setting.synonyms:
            yield name, self.key
        for value, names in self.setting.value_synonyms.items():
            for name in names:
                yield name, value
        if self.key == "name" and self.section.synonyms:
            (choice,) = get_args(self.info.annotation)
            for name in self.section.synonyms:
                yield name, choice


@cache
def setting_records() -> tuple[SettingRecord, ...]:
    """The record of every setting, the outermost first; each choice of a union has its own."""
    return tuple(sorted(_records_in(Experiment, ()), key=lambda record: len(record.path)))


@cache
def records_by_path() -> Mapping[ConfigPath, list[SettingRecord]]:
    """The records by path; there are several if several choices of a union have the setting."""
    by_path = defaultdict(list)
    for record in setting_records():
        by_path[record.path].append(record)
    return dict(by_path)


def why_not_searched(path: ConfigPath, *, on_bags: bool) -> str | None:
    """Why a search cannot vary a setting, or a section that it is in; None if it can.

    `on_bags` says whether trials are measured on bags.
    """
    if on_bags and can_be_searched_on_bags(path):
        return None
    around = (path[:depth] for depth in range(1, len(path) + 1))
    records = (record for place in around for record in records_by_path().get(place, ()))
    reasons = (record.setting.why_not_searched(on_bags=on_bags) for record in records)
    return next(filter(None, reasons), None)


def can_be_searched_on_bags(path: ConfigPath) -> bool:
    """Whether a search can vary a setting if trials are measured on bags, though no other search can."""
    return any(record.setting.searched_on_bags for record in records_by_path().get(path, ()))


def _records_in(section: type[Section], path: ConfigPath) -> Iterator[SettingRecord]:
    for key, info in section.model_fields.items():
        record = SettingRecord((*path, key), section, info, setting_of(info))
        yield record
        for index, inner in _sections_in(info.annotation):
            yield from _records_in(inner, (*record.path, *index))


def _sections_in(annotation: Any) -> Iterator[tuple[ConfigPath, type[Section]]]:
    """The sections that a value may be, or that its entries may be, with the index of the entry."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield (), annotation
    elif origin is Annotated:
        yield from _sections_in(arguments[0])
    elif origin in (Union, UnionType):
        for choice in arguments:
            yield from _sections_in(choice)
    elif origin is tuple:
        yield from (((0, *index), inner) for index, inner in _sections_in(arguments[0]))
