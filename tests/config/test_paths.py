from __future__ import annotations

import pytest

from fnnctl.config.paths import (
    ConfigPath,
    Location,
    Locations,
    format_path,
    is_below,
    parse_path,
    setting_text,
)
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


@pytest.mark.parametrize(
    ("name", "text", "option"),
    [
        ("price", "model.outputs.price: squared", "model.outputs.price=squared"),
        ("x.1", "model.outputs: {x.1: squared}", "model.outputs={x.1: squared}"),
    ],
)
def test_a_name_with_a_dot_is_written_as_it_is_read(name: str, text: str, option: str) -> None:
    path = ("model", "outputs", name)
    assert setting_text(path, "squared") == text
    assert setting_text(path, "squared", "=") == option


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


def test_a_problem_names_its_variables_and_where_related_settings_of_other_files_are() -> None:
    locations = Locations(
        {
            "": Location("own.yaml", 1),
            "seed": Location("own.yaml", 2),
            "training": Location("own.yaml", 3),
            "training.l2": Location("own.yaml", 4, ("L2", "X")),
            "training.optimizer": Location("base.yaml", 7),
            "model.hidden[1]": Location("base.yaml", 8, ("UNITS",)),
            "name": Location("--name"),
        }
    )
    related = ("training.optimizer.name", "seed", "name", "training.l1", "model.hidden[1]")
    problem = Problem("must be {least}", values={"least": 3}, advice="write {least}", related=related)
    own, of_option = locations.problems({("training", "l2"): problem, ("name",): problem})
    elsewhere = "training.optimizer is set in base.yaml:7, model.hidden[1] is set in base.yaml:8"
    assert str(own) == (
        f"own.yaml:4: training.l2: must be 3 (from ${{L2}}, from ${{X}}, {elsewhere}); write 3"
    )
    assert str(of_option) == "--name: name: must be 3; write 3"
    assert locations.variables_in("model.hidden") == ("UNITS",)
    assert locations.variables_in("training.l2") == ("L2", "X")
    assert locations.variables_in("training.l") == locations.variables_in("seed") == ()


def test_problems_come_from_top_to_bottom_of_the_own_file_then_of_bases_then_of_options() -> None:
    locations = Locations({"": Location("m.yaml", 1)})
    places = [("--set", None), ("a.yaml", 1), ("z.yaml", 2), ("m.yaml", 9), ("a.yaml", 3), ("m.yaml", 2)]
    problems = [Problem("x", file=file, line=line) for file, line in places]
    expected = [5, 3, 1, 4, 2, 0]
    assert locations.from_top_to_bottom(problems) == [problems[index] for index in expected]
