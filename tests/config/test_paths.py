from __future__ import annotations

import pytest

from fnnctl.config.paths import ConfigPath, Location, Locations, format_path, is_below, parse_path
from fnnctl.errors import Problem


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("seed",), "seed"),
        (("training", "optimizer", "name"), "training.optimizer.name"),
        (("model", "hidden", 1, "units"), "model.hidden[1].units"),
        (("a", 0, 12), "a[0][12]"),
    ],
)
def test_paths_are_written_with_dots_and_indices(path: ConfigPath, text: str) -> None:
    assert format_path(path) == text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("seed", ("seed",)),
        (" training.epochs ", ("training", "epochs")),
        ("model.hidden[1].units", ("model", "hidden", 1, "units")),
        ("model.hidden.1.units", ("model", "hidden", 1, "units")),
        ("model.hidden[-1]", ("model", "hidden[-1]")),
        ("model.²", ("model", "²")),
        ("a..b", ("a", "", "b")),
    ],
)
def test_an_index_may_stand_in_brackets_or_after_a_dot(text: str, path: ConfigPath) -> None:
    assert parse_path(text) == path


PLACES = Locations(
    {"": Location("a.yaml", 1), "data": Location("a.yaml", 3), "data.target": Location("--set")}
)


def problem(path: ConfigPath, message: str) -> Problem:
    (found,) = PLACES.problems({path: Problem(message)})
    return found


def test_a_problem_has_the_location_of_its_value() -> None:
    assert problem(("data", "target"), "is wrong") == Problem("is wrong", "--set", None, "data.target")


def test_a_missing_setting_has_the_location_of_its_section() -> None:
    assert problem(("data", "split", "test"), "x") == Problem("x", "a.yaml", 3, "data.split.test")
    assert problem(("seed",), "x") == Problem("x", "a.yaml", 1, "seed")


def test_the_whole_config_has_no_path() -> None:
    assert problem((), "is empty") == Problem("is empty", "a.yaml", 1, None)


def test_what_is_inside_of_places() -> None:
    places = {("training", "lr_schedule"): ""}
    assert is_below(("training", "lr_schedule", "name"), places)
    assert not is_below(("training", "lr_schedule"), places)
    assert not is_below(("training", "l2"), places)
