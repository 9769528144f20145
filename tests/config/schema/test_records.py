from __future__ import annotations

from collections import defaultdict
from typing import Annotated

import pytest
from pydantic import Field

from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.schema.records import (
    can_be_searched_in_ensembles,
    records_by_path,
    setting_records,
    why_not_searched,
)
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Setting, setting_of
from fnnctl.config.schema.validation_schemes import (
    ON_BAGS,
    ON_VALIDATION,
    VALIDATION_SCHEMES,
    ValidationScheme,
)

ONE_NETWORK, ENSEMBLES = VALIDATION_SCHEMES[ON_VALIDATION], VALIDATION_SCHEMES[ON_BAGS]


class Example(Section):
    plain: int = 0
    bounded: Annotated[int, Field(ge=0), Setting(not_counted="it is an example")] = 0
    optional: Annotated[Annotated[int, Field(ge=0)] | None, Setting(synonyms=("opt",))] = None


def test_a_field_carries_its_record() -> None:
    fields = Example.model_fields
    assert setting_of(fields["plain"]) == Setting()
    assert setting_of(fields["bounded"]) == Setting(not_counted="it is an example")
    assert setting_of(fields["optional"]).synonyms == ("opt",)


def test_a_field_has_one_record_at_most() -> None:
    """One in a type's alias and one at the field would hide each other."""
    for record in setting_records():
        settings = [part for part in record.info.metadata if isinstance(part, Setting)]
        assert len(settings) <= 1, record.path


def test_the_outermost_settings_come_first_and_each_choice_has_its_own() -> None:
    paths = [format_path(record.path) for record in setting_records()]
    outermost = ["name", "seed", "recipe", "complete", "extends", "notes", "data", "model", "training"]
    assert paths[:9] == outermost
    assert "model.hidden[0].activation.slope" in paths
    assert "training.optimizer.momentum" in paths
    assert paths.index("training.epochs") < paths.index("data.split.test")


def test_a_setting_of_several_choices_has_a_record_for_each() -> None:
    records = records_by_path()[parse_path("training.lr_schedule.factor")]
    assert [record.section.__name__ for record in records] == [
        "StepLrSchedule",
        "ExponentialLrSchedule",
        "AdaptiveLrSchedule",
    ]
    assert [record.info.default for record in records] == [0.1, 0.98, 0.2]
    (units,) = records_by_path()["model", "hidden", 0, "units"]
    assert units.section.__name__ == "HiddenLayerConfig"


@pytest.mark.parametrize("scheme", [ONE_NETWORK, ENSEMBLES])
def test_a_setting_cannot_be_searched_for_the_reason_of_its_section(scheme: ValidationScheme) -> None:
    section = why_not_searched(("data", "split"), scheme)
    assert section == "all trials are evaluated on the same rows"
    assert why_not_searched(("data", "split", "test"), scheme) == section
    assert why_not_searched(("data", "split", "no_such_setting"), scheme) == section
    assert why_not_searched(("training", "l2"), scheme) is None


def test_what_does_not_count_cannot_be_searched() -> None:
    assert Setting(not_counted="it is fixed").why_not_searched(ENSEMBLES) == "it is fixed"
    for record in setting_records():
        if record.setting.not_counted:
            assert why_not_searched(record.path, ONE_NETWORK), record.path


def test_some_settings_can_be_searched_if_trials_are_ensembles() -> None:
    twins, members = parse_path("model.ensemble.plain_twins"), parse_path("model.ensemble.members")
    assert can_be_searched_in_ensembles(twins)
    assert why_not_searched(twins, ENSEMBLES) is None
    alone, in_ensembles = (why_not_searched(members, scheme) for scheme in (ONE_NETWORK, ENSEMBLES))
    assert alone != in_ensembles
    assert why_not_searched(twins, ONE_NETWORK) == alone
    assert not can_be_searched_in_ensembles(members)


def test_no_name_of_another_tool_is_ambiguous() -> None:
    meanings = defaultdict(set)
    for record in setting_records():
        for name, ours in record.translations():
            assert name == name.lower()
            assert name != ours
            meanings[name].add(ours)
    assert {name: ours for name, ours in meanings.items() if len(ours) > 1} == {}


def test_choices_with_a_section_of_their_own_are_translated() -> None:
    records = records_by_path()[parse_path("training.optimizer.name")]
    assert ("l-bfgs", "lbfgs") in {pair for record in records for pair in record.translations()}


def test_every_rule_says_when_it_applies() -> None:
    for record in setting_records():
        setting = record.setting
        for rule in (*setting.no_effect, *setting.contradictions, *setting.search_contradictions):
            text = " ".join((rule.__doc__ or "").split())
            assert text.split(" ")[0] in {"With", "Without", "If", "Unless", "In"}, record.path
            assert text.endswith("."), record.path
