"""The records of all settings by their paths, read from the classes of the sections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from pydantic.fields import FieldInfo

from fnnctl.config.paths import ConfigPath
from fnnctl.config.schema.docstrings import attribute_docstrings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import Form, field_forms, sections_of
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Setting, setting_of
from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.plugins import Plugin, current


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

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms that its value may take."""
        return field_forms(self.section, self.key)

    @property
    def is_required(self) -> bool:
        """Whether its section needs it, because it has no default."""
        return self.info.is_required()

    @property
    def description(self) -> str:
        """The docstring of the section's field as one paragraph, and what its own description adds."""
        texts = (attribute_docstrings(self.section).get(self.key, ""), self.info.description or "")
        return " ".join(" ".join(texts).split())

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


def record_in(section: type[Section], path: ConfigPath) -> SettingRecord:
    """The record of the setting at a path in this section; raises KeyError if the section has none."""
    info = section.model_fields[str(path[-1])]
    return SettingRecord(path, section, info, setting_of(info))


def setting_records() -> tuple[SettingRecord, ...]:
    """The record of every setting, the outermost first; each choice of a union has its own."""
    return _setting_records(current().used)


@cache
def _setting_records(_: tuple[Plugin, ...]) -> tuple[SettingRecord, ...]:
    return tuple(sorted(_records_in(Experiment, ()), key=lambda record: len(record.path)))


def records_by_path() -> Mapping[ConfigPath, list[SettingRecord]]:
    """The records by path; there are several if several choices of a union have the setting."""
    return _records_by_path(current().used)


@cache
def _records_by_path(_: tuple[Plugin, ...]) -> Mapping[ConfigPath, list[SettingRecord]]:
    by_path = defaultdict(list)
    for record in setting_records():
        by_path[record.path].append(record)
    return dict(by_path)


def why_not_searched(path: ConfigPath, scheme: ValidationScheme) -> str | None:
    """Why a search with this scheme cannot vary a setting, or a section that it is in; None if it can."""
    if scheme.trains_ensembles and can_be_searched_in_ensembles(path):
        return None
    around = (path[:depth] for depth in range(1, len(path) + 1))
    records = (record for place in around for record in records_by_path().get(place, ()))
    reasons = (record.setting.why_not_searched(scheme) for record in records)
    return next(filter(None, reasons), None)


def can_be_searched_in_ensembles(path: ConfigPath) -> bool:
    """Whether a search can vary a setting if its trials are ensembles, though no other search can."""
    return any(record.setting.searched_in_ensembles for record in records_by_path().get(path, ()))


def _records_in(section: type[Section], path: ConfigPath) -> Iterator[SettingRecord]:
    for key in section.model_fields:
        record = record_in(section, (*path, key))
        yield record
        for inner in sections_of(record.forms):
            yield from _records_in(inner, record.path)
        for form in record.forms:
            for inner in sections_of(form.entries) if form.kind == "list" else ():
                yield from _records_in(inner, (*record.path, 0))
