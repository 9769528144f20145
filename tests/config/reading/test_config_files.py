from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.config.paths import Location
from fnnctl.config.reading.config_files import (
    MISSING,
    TABLE,
    locations_in,
    near_config,
    other_content,
    read_document,
    read_file,
)
from fnnctl.config.reading.resolved import FORMER_FIRST_LINE
from fnnctl.config.reading.variables import Variables
from fnnctl.config.reading.yaml_reader import MAX_BYTES
from fnnctl.errors import ConfigError


def kind_of(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_file(file)
    (problem,) = caught.value.problems
    assert problem.file == str(file)
    return problem.kind


def test_no_more_is_read_than_tells_that_it_is_too_much(tmp_path: Path) -> None:
    file = tmp_path / "base.yaml"
    file.write_bytes(b"x" * (MAX_BYTES + 9))
    assert len(read_file(file)) == MAX_BYTES + 1
    assert kind_of(tmp_path / "bse.yaml") == MISSING
    assert near_config(tmp_path / "bse.yaml") == " (did you mean 'base.yaml'?)"
    (tmp_path / "t.csv").touch()
    assert kind_of(tmp_path / "t.csv") == TABLE
    assert kind_of(tmp_path) == "input"


def test_json_is_yaml_unless_its_name_says_otherwise() -> None:
    assert other_content(b'{"data": 1}', ".yaml") is None
    assert other_content(b'{"data": 1}', ".json") == "a JSON file"
    assert other_content(b"data: 1", ".yaml") is None


def test_values_have_their_variables_and_lines() -> None:
    document = read_document(b"a:\n  b: ${X}\n", Variables({"X": "5"}, 100))
    assert document.value == {"a": {"b": 5}}
    assert locations_in(document, "c.yaml")["a", "b"] == Location("c.yaml", 2, ("X",))


def test_what_fnnctl_0_2_completed_has_no_variables() -> None:
    document = read_document(f"{FORMER_FIRST_LINE}\nname: ${{X}}\n".encode(), Variables({}, 100))
    assert document.value == {"complete": True, "name": "${X}"}
