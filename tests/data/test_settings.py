from __future__ import annotations

from fnnctl.config.schema.data import ColumnsConfig
from fnnctl.data.problems import Problems
from fnnctl.data.settings import check_settings, declared_kinds

NAMES = ("age", "sex", "species")


def faults(
    columns: ColumnsConfig, target: str, names: tuple[str, ...] = NAMES, weights: str | None = None
) -> list[str]:
    problems = Problems("t.csv")
    check_settings(columns, target, weights, names, problems)
    return str(problems.error()).splitlines()


def test_the_target_is_read_as_categories() -> None:
    columns = ColumnsConfig(numeric=("age",), ignore=("sex",))
    assert declared_kinds(columns, "y", None) == {"age": "numeric", "sex": "ignore", "y": "categorical"}


def test_the_weights_are_read_as_numbers_whatever_they_look_like() -> None:
    assert declared_kinds(ColumnsConfig(), "y", "w") == {"y": "categorical", "w": "weights"}
    assert declared_kinds(ColumnsConfig(), "y", "y") == {"y": "categorical"}  # which is refused


def test_settings_that_fit_have_no_faults() -> None:
    assert faults(ColumnsConfig(numeric=("age", "age"), categorical=("sex",)), "species") == []


def test_a_target_that_is_not_given_or_not_there() -> None:
    assert faults(ColumnsConfig(), "") == [
        "data.target: name the target column; the columns of t.csv are age, sex, species"
    ]
    assert faults(ColumnsConfig(), "Specie") == [
        "data.target: there is no column 'Specie' in t.csv (did you mean 'species'?)"
    ]
    assert faults(ColumnsConfig(), "label") == [
        "data.target: there is no column 'label' in t.csv; its columns are 'age', 'sex', 'species'"
    ]


def test_a_file_without_a_header_is_hinted_at() -> None:
    (fault,) = faults(ColumnsConfig(), "label", ("5.1", "3.5", "setosa"))
    assert fault.endswith("its columns are '5.1', '3.5', 'setosa'. Its first line must name the columns")


def test_a_single_column_hints_at_the_delimiter() -> None:
    (fault,) = faults(ColumnsConfig(), "label", ("age;sex;label",))
    assert fault.endswith("its only column is 'age;sex;label': is data.delimiter right?")


def test_names_from_the_file_are_made_printable() -> None:
    assert faults(ColumnsConfig(), "", ("a\x1b[0m",))[0].endswith("are a\\x1b[0m")


def test_all_wrong_declarations_are_reported_at_once() -> None:
    columns = ColumnsConfig(numeric=("agee", "sex"), categorical=("sex",), ignore=("species",))
    assert faults(columns, "species") == [
        "data.columns.numeric: there is no column 'agee' in t.csv (did you mean 'age'?)",
        "data.columns: 'sex' is in numeric and in categorical: remove it from one",
        "data.columns.ignore: 'species' is the target, whose kind data.task decides: remove it here",
    ]


def test_weights_that_are_not_there_or_are_something_else() -> None:
    assert faults(ColumnsConfig(), "species", weights="age") == []
    assert faults(ColumnsConfig(), "species", weights="agee") == [
        "data.weights: there is no column 'agee' in t.csv (did you mean 'age'?)"
    ]
    assert faults(ColumnsConfig(), "species", weights="species") == [
        "data.weights: 'species' is the target: name another column"
    ]
    assert faults(ColumnsConfig(numeric=("age",)), "species", weights="age") == [
        "data.columns.numeric: 'age' is data.weights, which is always read as numbers: remove it here"
    ]


def by_faults(order: str, columns: ColumnsConfig, *, group: str | None = None) -> list[str]:
    problems = Problems("t.csv")
    check_settings(columns, "species", None, NAMES, problems, group=group, order=order)
    return str(problems.error()).splitlines()


def test_the_column_of_the_order_may_be_a_feature_or_ignored() -> None:
    ignored = ColumnsConfig(ignore=("age", "sex"))
    assert declared_kinds(ignored, "y", None, None, "age") == {"sex": "ignore", "y": "categorical"}
    assert declared_kinds(ignored, "y", None, None, None)["age"] == "ignore"
    assert declared_kinds(ColumnsConfig(), "y", None, None, "age") == {"y": "categorical"}
    assert by_faults("age", ignored) == []
    assert by_faults("age", ColumnsConfig(numeric=("age",))) == []
    assert by_faults("species", ColumnsConfig()) == [
        "data.split.by: 'species' is the target: name another column"
    ]
    assert by_faults("age", ColumnsConfig(), group="age") == [
        "data.split.by: 'age' is data.split.group: name another column"
    ]
    assert by_faults("aeg", ColumnsConfig()) == [
        "data.split.by: there is no column 'aeg' in t.csv (did you mean 'age'?)"
    ]
