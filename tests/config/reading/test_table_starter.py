from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fnnctl.config.reading.explanation import recipe_line
from fnnctl.config.reading.loading import LoadedConfig, load_config
from fnnctl.config.reading.starter import STARTER_NAME
from fnnctl.config.reading.table_starter import (
    MAX_COLUMNS,
    FoundColumn,
    FoundTarget,
    RareClass,
    TableStarter,
    table_starter_text,
)
from fnnctl.config.reading.yaml_reader import MAX_BYTES
from fnnctl.config.recipes.resolving import resolve
from fnnctl.config.rules.search_check import search_problems
from fnnctl.config.schema.data import DEFAULT_MISSING_VALUES
from fnnctl.config.schema.target import LabelsTarget
from fnnctl.config.yaml_text import is_allowed_value
from fnnctl.errors import UsageError
from tests.config.recipes.cases import facts_of
from tests.messages import Messages

HOSTILE = (
    "y: [", "#", "a # b", "'", '"', "a\nb", "no", "1e3", "012", "null", "~", "", " ", "ü", "日本", "- a",
    "&a", "!a", "%", "@", "`", "a, b", "[]", "{}", "a: b", "-", "?", "|", ">", "\u2028", "\ufeff", "\u202e",
    "\\", "a\tb", "😀", "<<", "=", "true", "$HOME", "{{x}}", "${x}", "$${x}", "${", "$", "x" * 300,
)  # fmt: skip
names = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)).filter(is_allowed_value)


HARVEST = FoundTarget(name="harvest", about="2 classes: poor (82), good (78)", task="classification")


DAYS = FoundTarget(
    name="days",
    about="13 classes: 2 (40), 3 (36), 1 (32), …",
    task="classification",
    may_be_amounts=True,
    counts="counts (whole numbers from 0 to 15, mean 3.15, variance 5.42)",
)


def starter(**changes: object) -> TableStarter:
    usual = {
        "source": "trees.csv",
        "rows": 160,
        "columns": (FoundColumn("tree", "text", 0, 160), FoundColumn("harvest", "categorical", 0, 2)),
        "targets": (HARVEST,),
    }
    return TableStarter(**(usual | changes))  # type: ignore[arg-type]


def load(text: str, file: str = STARTER_NAME) -> LoadedConfig:
    with TemporaryDirectory() as folder:
        path = Path(folder, file)
        path.write_text(text, encoding="utf-8")
        return load_config(path)


def test_the_text_leaves_all_but_the_data_to_the_recipe() -> None:
    """The search changes nothing in `train`."""
    loaded = load(table_starter_text(starter(ignored={"tree": "has 160 different texts"}), STARTER_NAME))
    alone = load("seed: 7\ndata: {source: trees.csv, target: harvest, task: classification}")
    written, default = (resolve(config.config, facts_of(), name=STARTER_NAME) for config in (loaded, alone))
    sections = {"model", "training"}
    assert written.experiment.model_dump(include=sections) == default.experiment.model_dump(include=sections)
    assert recipe_line(written) == recipe_line(default)
    assert loaded.search_problems() == []
    data = loaded.experiment.data
    assert (data.source, data.target, data.columns.ignore) == ("trees.csv", "harvest", ("tree",))
    assert (data.split.test, data.split.stratify) == (0.2, True)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "ignored": dict.fromkeys(("tree", "b", "c", "d", "e"), "is an id"),
            "targets": (replace(HARVEST, rare=RareClass("x", 3, 100, is_binary=True, is_positive=True)),),
            "missing": {"-": "column 'a': '-' is read as missing"},
            "split": {"stratify": False},
            "split_reason": "a single row",
            "warnings": ("the columns alone predict",),
            "leaks": ("code",),
        },
        {"targets": (replace(HARVEST, may_be_amounts=True, about="10 classes: 4.0 (861), 3.0 (597), …"),)},
        {
            "targets": (replace(HARVEST, task="regression"),),
            "columns": tuple(FoundColumn(f"x{k}", "numeric", 0, 9) for k in range(MAX_COLUMNS + 7)),
            "split": {"validation": 0.0, "stratify": False},
            "split_reason": "2 rows are too few",
        },
        {
            "targets": (
                FoundTarget(name="price in $", about="numbers from 54.77 to 151.13", task="regression"),
                replace(DAYS, scarce="the class '8' has 4 of 178 rows"),
                replace(HARVEST, name="stars", may_be_amounts=True, about="5 classes: 4 (44), 1 (42), …"),
            )
        },
        {
            "targets": tuple(
                FoundTarget(name=name, about=f"{rows} of 160 rows", task="classification")
                for name, rows in (("rust", 40), ("crack", 12), ("leak: oil", 3), ("dent", 7))
            ),
            "are_labels": True,
        },
    ],
    ids=["every decision", "numbers that may be amounts", "many columns and few rows", "targets", "labels"],
)
def test_the_text_and_the_decisions(changes: dict[str, Any], messages: Messages) -> None:
    made = starter(**changes)
    text = table_starter_text(made, "my own.yaml")
    assert max(map(len, table_starter_text(made, STARTER_NAME).splitlines())) <= 110
    load(text, "my own.yaml")
    messages.check(text)
    for decision in made.decisions():
        messages.check(decision)


@given(
    source=names.filter(bool),
    target=names.filter(bool),
    ignored=st.dictionaries(names, names, max_size=4),
    codes=st.lists(names, min_size=1, max_size=3),
    date=names,
    suspected=st.dictionaries(names, names, max_size=2),
    about=st.text(max_size=20),
)
@example("a", "y: [", {"# x": "\n"}, ["no"], "1e3", {"null": "'"}, "\u2028\x1b[31m\nseed: 1")
def test_hostile_names_are_read_back_as_they_are(
    source: str,
    target: str,
    ignored: dict[str, str],
    codes: list[str],
    date: str,
    suspected: dict[str, str],
    about: str,
) -> None:
    columns = tuple(FoundColumn(name, "numeric", 0, 1) for name in (*ignored, target))
    made = starter(
        source=source,
        targets=(
            replace(
                HARVEST,
                name=target,
                about=about,
                rare=RareClass(about, 3, 100, is_binary=True, is_positive=False),
            ),
        ),
        ignored=ignored,
        codes=tuple(codes),
        date=date,
        suspected=suspected,
        missing=suspected,
        split_reason=about,
        columns=columns,
    )
    loaded = load(table_starter_text(made, STARTER_NAME))
    data = loaded.experiment.data
    assert (data.source, data.target) == (source, target)
    assert set(data.columns.ignore) == {name for name in ignored if name}
    assert loaded.experiment.training.class_weights is None
    assert data.missing_values == (*DEFAULT_MISSING_VALUES, *suspected)
    assert (loaded.experiment.seed, data.columns.categorical) == (7, ())


@given(st.lists(names.filter(bool), min_size=2, max_size=5, unique=True), st.booleans())
def test_hostile_names_of_several_targets_are_read_back_as_they_are(
    targets: list[str], are_labels: bool
) -> None:
    """Also where they are keys of outputs, which may be activated; no key has control characters."""
    of_one = HARVEST if are_labels else DAYS
    made = starter(targets=tuple(replace(of_one, name=name) for name in targets), are_labels=are_labels)
    text = table_starter_text(made, STARTER_NAME)
    data = load(text).experiment.data
    assert data.targets == tuple(targets)
    assert isinstance(data.target, LabelsTarget) is are_labels
    if are_labels:
        assert "# model:" not in text
        return
    before, start, after = text.partition("# model:\n")
    offered, end, rest = after.partition("\n\n")
    lines = "\n".join(line[2:] for line in offered.split("\n"))
    outputs = load("".join([before, start[2:], lines, end, rest])).experiment.model.outputs or {}
    keys = [name for name in targets if name.isprintable()]
    assert {name: output.name for name, output in outputs.items()} == dict.fromkeys(keys, "poisson")


@pytest.mark.parametrize(
    ("line", "path", "value"),
    [
        ("# categorical: [field, 'no']", ("columns", "categorical"), ("field", "no")),
        ("# by: signup", ("split", "by"), "signup"),
        ("# group: customer", ("split", "group"), "customer"),
        ("# class_order: [low, '2', high]", ("class_order",), ("low", "2", "high")),
        ("# missing_values:", ("missing_values",), None),
    ],
)
def test_comments_can_be_activated(line: str, path: tuple[str, ...], value: object) -> None:
    made = starter(
        ignored={"tree": "why"},
        codes=("field", "no"),
        targets=(replace(HARVEST, class_order=("low", "2", "high")),),
        suspected={"-999": "'temp' has -999"},
        date="signup",
        group="customer",
    )
    text = table_starter_text(made, STARTER_NAME).replace('"no"', "'no'").replace('"2"', "'2'")
    assert text.count(line) == 1
    active = text.replace(line, line.removeprefix("# "))
    data: object = load(active).experiment.data
    for name in path:
        data = getattr(data, name)
    if value is None:
        assert isinstance(data, tuple)
        assert data[-1] == "-999"
        assert "" in data
    else:
        assert data == value


@pytest.mark.parametrize("is_binary", [True, False])
def test_what_helps_to_find_rows_of_a_rare_class_is_offered(is_binary: bool) -> None:
    """Nothing is weighted unless the user wants it: weights would make the probabilities wrong."""
    weights = ("# training:", "#   class_weights: balanced")
    made = starter(
        targets=(replace(HARVEST, rare=RareClass("no", 3, 100, is_binary=is_binary, is_positive=False)),)
    )
    text = table_starter_text(made, STARTER_NAME)
    assert load(text).experiment == load(table_starter_text(starter(), STARTER_NAME)).experiment
    for line in ("  # positive_class: ", "# model:", "#   threshold: f1 ", *weights):
        assert text.count(f"\n{line}") == ((line in weights) != is_binary)
        text = text.replace(f"\n{line}", "\n" + line.replace("# ", "", 1).replace("#", "", 1))
    experiment = load(text).experiment
    assert experiment.data.positive_class == ("no" if is_binary else None)
    assert experiment.model.threshold == ("f1" if is_binary else 0.5)
    assert experiment.training.class_weights == (None if is_binary else "balanced")


@pytest.mark.parametrize("ignored", [{}, {"tree": "why"}])
def test_columns_that_give_the_target_away_can_be_ignored(ignored: dict[str, str]) -> None:
    made = starter(leaks=("code", "no"), ignored=ignored)
    text = table_starter_text(made, STARTER_NAME)
    assert load(text).experiment.data.columns.ignore == tuple(ignored)
    for line in ("  # columns:", "    # ignore: ", "      # - code", "      # - 'no'"):
        text = text.replace(line, line.replace("# ", "", 1))
    assert load(text).experiment.data.columns.ignore == (*ignored, "code", "no")


@pytest.mark.parametrize(
    ("targets", "metric"),
    [
        ((HARVEST,), "log_loss"),
        ((replace(HARVEST, task="regression"),), "mae"),
        ((HARVEST, replace(HARVEST, name="days", task="regression")), "loss"),
    ],
)
def test_a_search_of_domains_is_offered_if_there_are_validation_rows(
    targets: tuple[FoundTarget, ...], metric: str
) -> None:
    text = table_starter_text(starter(targets=targets), STARTER_NAME)
    before, search, after = text.partition("# search:\n")
    offered, found, rest = after.partition("\n\n")
    loaded = load(before + search[2:] + "\n".join(line[2:] for line in offered.splitlines()) + found + rest)
    assert loaded.experiment.search is not None
    assert loaded.experiment.search.objective.metric == metric
    assert loaded.experiment.search.objective.on == "bags"
    assert loaded.experiment.search.ensemble is not None
    complete = resolve(loaded.config, facts_of(), name=loaded.experiment.name)
    assert search_problems(complete) == {}


def test_names_of_columns_are_cut_after_thirty_characters() -> None:
    columns = tuple(FoundColumn(name, "numeric", 0, 9) for name in ("x" * 30, "y" * 31))
    text = table_starter_text(starter(columns=columns), STARTER_NAME)
    assert f"#   {'x' * 30}  numeric" in text
    assert f"#   {'y' * 29}…  numeric" in text


def test_names_that_a_config_cannot_contain_are_not_written() -> None:
    made = starter(ignored={"a\x1b": "why", "": "why", "b": "why"})
    assert list(made.writable) == ["b"]
    assert load(table_starter_text(made, STARTER_NAME)).experiment.data.columns.ignore == ("b",)


def test_a_config_is_never_too_large() -> None:
    names = [f"column {number:05} {'x' * 100}" for number in range(6_000)]
    text = table_starter_text(starter(ignored=dict.fromkeys(names, "is constant")), STARTER_NAME)
    assert len(text) <= MAX_BYTES
    assert text.count("# is constant") == MAX_COLUMNS
    longer = dict.fromkeys((f"{name}{'x' * 100}" for name in names), "is constant")
    with pytest.raises(UsageError, match=r"the 6,000 columns to leave out: remove them from the table"):
        table_starter_text(starter(ignored=longer), STARTER_NAME)
