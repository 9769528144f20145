from __future__ import annotations

import pytest

from fnnctl.config.schema.data import ColumnsConfig
from fnnctl.data.problems import Problems
from fnnctl.data.settings import check_settings, declared_kinds


def test_the_target_is_read_as_categories() -> None:
    columns = ColumnsConfig(numeric=("age",), ignore=("sex",))
    assert declared_kinds(columns, "y", None) == {"age": "numeric", "sex": "ignore", "y": "categorical"}


def test_the_weights_are_read_as_numbers_whatever_they_look_like() -> None:
    assert declared_kinds(ColumnsConfig(), "y", "w") == {"y": "categorical", "w": "weights"}
    assert declared_kinds(ColumnsConfig(), "y", "y") == {"y": "categorical"}  # which is refused


@pytest.mark.parametrize(
    ("columns", "other_uses"),
    [
        (ColumnsConfig(numeric=("age", "age"), categorical=("sex",)), {}),
        (ColumnsConfig(), {"weights": "age", "group": "sex"}),
        (ColumnsConfig(numeric=("age",)), {"order": "age"}),
        (ColumnsConfig(ignore=("age", "sex")), {"order": "age"}),
    ],
)
def test_settings_that_fit_have_no_faults(columns: ColumnsConfig, other_uses: dict[str, str]) -> None:
    problems = Problems("t.csv")
    uses = {"weights": None, "group": None, "order": None} | other_uses
    weights, group, order = uses.values()
    check_settings(columns, "species", weights, ("age", "sex", "species"), problems, group=group, order=order)
    assert not problems


def test_the_column_of_the_order_is_read_even_if_it_is_ignored() -> None:
    ignored = ColumnsConfig(ignore=("age", "sex"))
    assert declared_kinds(ignored, "y", None, None, "age") == {"sex": "ignore", "y": "categorical"}
    assert declared_kinds(ignored, "y", None, None, None)["age"] == "ignore"
    assert declared_kinds(ColumnsConfig(), "y", None, None, "age") == {"y": "categorical"}
