from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.problems import Problems
from fnnctl.data.tables.keeping import kept_columns, output_names


def test_columns_are_kept_once_in_the_wanted_order() -> None:
    problems = Problems("new.csv")
    assert kept_columns(("c", "a", "c"), ("a", "b", "c"), problems) == ("c", "a")
    assert kept_columns(None, ("a", "b"), problems) == ("a", "b")
    assert kept_columns((), ("a", "b"), problems) == ()
    assert not problems


def test_unknown_columns_are_noted() -> None:
    problems = Problems("new.csv")
    assert kept_columns(("nmae", "id", "\x1b"), ("id", "name"), problems, line=1) == ("id",)
    assert str(problems.error()).splitlines() == [
        "new.csv:1: there is no column 'nmae' to keep (did you mean 'name'?)",
        "new.csv:1: there is no column '\\x1b' to keep",
    ]


def test_names_that_are_taken_get_a_prefix() -> None:
    kept = ("row", "id", "input_prediction", "prediction")
    assert output_names(kept, ("row", "prediction")) == {
        "row": "input_row",
        "id": "id",
        "input_prediction": "input_prediction",
        "prediction": "input_input_prediction",
    }


WORDS = st.sampled_from(["a", "b", "input_a", "input_b", "input_input_a"])


@given(st.lists(WORDS, unique=True), st.lists(WORDS, unique=True))
def test_every_column_has_a_name_of_its_own(kept: list[str], others: list[str]) -> None:
    names = output_names(kept, others)
    assert list(names) == kept
    assert len({*names.values(), *others}) == len(kept) + len(others)
    assert all(names[name] == name for name in kept if name not in others)
