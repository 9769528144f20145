from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.schema.methods import METHODS, MethodConfig
from fnnctl.config.schema.search import SearchConfig

Load = Callable[..., LoadedConfig]
IRIS = "data: {source: iris}\nsearch:\n"


def searched(load: Load, text: str, *overrides: str) -> SearchConfig:
    search = load(IRIS + text, *overrides).experiment.search
    assert search is not None
    return search


def test_there_is_none_unless_it_is_given(load: Load) -> None:
    assert load("data: {source: iris}").experiment.search is None
    assert resolved_yaml(load("data: {source: iris}").experiment).endswith("\nsearch: null\n")


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_name_stands_for_its_parts(load: Load, name: str) -> None:
    scheduler, sampler = METHODS[name]
    method = searched(load, f"  method: {name}").method
    assert method == searched(load, f"  method: {{scheduler: {scheduler}, sampler: {sampler}}}").method
    assert method.name == name


def test_other_pairs_are_called_by_both_parts(load: Load) -> None:
    assert searched(load, "  method: {scheduler: hyperband, sampler: grid}").method.name == "hyperband × grid"
    assert searched(load, "  method: {sampler: grid}").method.name == "hyperband × grid"
    assert MethodConfig() == searched(load, "  grid_resolution: 5").method


BRACKETS = ["budget.min_epochs", "budget.reduction_factor", "budget.brackets", "budget.total"]


@pytest.mark.parametrize(
    ("method", "ineffective"),
    [
        ("hyperband", ["trials", "budget.total", "grid_resolution"]),
        ("halving", ["budget.min_epochs", "budget.max_epochs", "budget.brackets", "grid_resolution"]),
        ("grid", [*BRACKETS, "sequence"]),
        ("random", [*BRACKETS, "grid_resolution"]),
        ("{scheduler: halving, sampler: grid}", ["budget.min_epochs", "budget.max_epochs", "budget.brackets",
                                                 "sequence"]),
    ],
)  # fmt: skip
def test_what_only_another_method_reads_may_be_there_and_is_left_out(
    load: Load, method: str, ineffective: list[str]
) -> None:
    text = (
        "  trials: 9\n  grid_resolution: 3\n  sequence: low_discrepancy\n"
        "  budget: {min_epochs: 2, max_epochs: 9, reduction_factor: 2, brackets: table, total: 99}\n"
    )
    experiment = load(IRIS + text, f"search.method={method}").experiment
    default, given = SearchConfig().model_dump(), experiment.search.model_dump()  # type: ignore[union-attr]
    for section in (default, given):
        section.update({f"budget.{key}": value for key, value in section.pop("budget").items()})
    changed = {key for key in given if given[key] != default[key]} - {"method", "space", "objective"}
    every = {"trials", "grid_resolution", "sequence", *BRACKETS, "budget.max_epochs"}
    assert changed == every - set(ineffective)
    assert load(resolved_yaml(experiment)).experiment.search == experiment.search


@pytest.mark.parametrize(
    ("text", "is_auto", "may_train_ensembles"),
    [
        ("trials: 9", True, True),
        ("space: auto", True, True),
        ("objective: {on: validation}", True, False),
        ("objective: {on: bags}", True, True),
        ("space: {training.l2: {uniform: [0, 1]}}", False, False),
    ],
)
def test_the_space_of_the_recipe_may_have_ensembles_unless_trials_are_measured_elsewhere(
    load: Load, text: str, is_auto: bool, may_train_ensembles: bool
) -> None:
    search = searched(load, f"  {text}\n")
    assert (search.is_auto, search.may_train_ensembles) == (is_auto, may_train_ensembles)


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_matters_where_proposals_depend_on_results(load: Load, method: str) -> None:
    """Elsewhere the setting has no effect, and its default."""
    learns = method in {"bayes", "bohb", "evolution", "nas"}
    assert searched(load, f"  method: {method}\n  batch: 3\n").batch == (3 if learns else 8)


@pytest.mark.parametrize(
    ("text", "matters"),
    [
        ("random", False),
        ("halving", False),
        ("hyperband", False),
        ("asha", True),
        ("bayes", True),
        ("random\n  stop_when: {no_improvement: 9}", True),
        ("random\n  curve_stopping: median", True),
        ("random\n  budget: {cost: 9}", True),
    ],
)
def test_concurrency_matters_where_decisions_depend_on_the_order_of_results(
    load: Load, text: str, matters: bool
) -> None:
    search = searched(load, f"  method: {text}\n  concurrency: 3\n")
    assert search.depends_on_order is matters
    assert search.concurrency == (3 if matters else 16)


@pytest.mark.parametrize(
    ("text", "trials"), [("random", 50), ("grid", None), ("halving", 50), ("random\n  trials: 7", 7)]
)
def test_how_many_are_tried(load: Load, text: str, trials: int | None) -> None:
    assert searched(load, f"  method: {text}\n").most_trials == trials
