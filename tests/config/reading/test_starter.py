from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.config.reading.explanation import recipe_line
from fnnctl.config.reading.loading import LoadedConfig, load_config
from fnnctl.config.reading.starter import STARTER_NAME, starter_text
from fnnctl.config.recipes.resolving import resolve
from fnnctl.config.schema.records import setting_records
from fnnctl.config.sources import BUILTIN_NAMES
from fnnctl.config.yaml_text import CoreLoader
from tests.config.recipes.cases import facts_of


def load(tmp_path: Path, text: str) -> LoadedConfig:
    file = tmp_path / STARTER_NAME
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def test_it_writes_out_defaults_and_changes_only_the_seed(tmp_path: Path) -> None:
    """Its search changes nothing in `train`."""
    written, default = load(tmp_path, starter_text()), load(tmp_path, "seed: 7\ndata: {source: digits}")
    complete = [resolve(each.config, facts_of(), name=each.experiment.name) for each in (written, default)]
    assert complete[0].experiment.name == "digits"
    assert complete[0].experiment.model_copy(update={"search": None}) == complete[1].experiment
    assert complete[0].provenance.omitted == {}
    assert recipe_line(complete[0]) == recipe_line(complete[1])


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("# name: my-experiment", "name: my-experiment"),
        ("  source: digits", "  source: my-data.csv\n  target: label"),
        ("  # columns:", "  columns:"),
    ],
)
def test_what_its_comments_offer_can_be_used(tmp_path: Path, line: str, instead: str) -> None:
    assert starter_text().count(f"\n{line}") == 1
    load(tmp_path, starter_text().replace(f"\n{line}", f"\n{instead}"))


def test_the_settings_that_its_comments_offer_can_be_used(tmp_path: Path) -> None:
    before, model, after = starter_text().partition("# model:\n")
    offered = re.sub(r"^( *)# (?!`|To )", r"\1", model + after, flags=re.MULTILINE)
    text = before + offered
    loaded = load(tmp_path, text)
    experiment = loaded.experiment
    assert (experiment.model.ensemble.members, experiment.training.class_weights) == (5, "balanced")
    assert experiment.training.early_stopping is not None
    assert experiment.search
    assert len(experiment.search.domains) == 3
    assert [problem.path for problem in loaded.search_problems()] == ["search.objective.on"]
    with_bags = text.replace("ensemble: 5 ", "ensemble: {members: 5, bags: true} ")
    assert load(tmp_path, with_bags).search_problems() == []


def test_it_shows_the_settings_that_people_change_first() -> None:
    """The reference of settings begins each section with them."""
    offered = re.sub(r"^( *)# ( *[a-z0-9_.]+:( |$))", r"\1\2", starter_text(), flags=re.MULTILINE)
    common = {format_path(record.path) for record in setting_records() if record.setting.is_common}
    assert set(settings_in(yaml.load(offered, CoreLoader))) == common


def settings_in(section: dict[str, Any], path: ConfigPath = ()) -> Iterator[str]:
    """The settings without settings of their own, and choices that are given by their `name`."""
    for key, value in section.items():
        if path and key == "name":
            yield format_path(path)
        elif isinstance(value, dict) and key != "space":
            yield from settings_in(value, (*path, key))
        else:
            yield format_path((*path, key))


def test_it_names_all_built_in_data_and_fits_a_terminal() -> None:
    lines = starter_text().splitlines()
    (line,) = (line for line in lines if "# built in: " in line)
    assert tuple(line.partition("# built in: ")[2].split(", ")) == BUILTIN_NAMES
    assert max(map(len, lines)) <= 110
    assert "\t" not in starter_text()
