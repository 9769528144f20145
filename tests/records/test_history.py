from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnnctl.errors import DataError
from fnnctl.records.history import read_search, search_history
from fnnctl.store.journal import JournalRecord
from fnnctl.store.manifest import RunStatus
from tests.messages import Messages
from tests.report.searches import NAME, RATE, halving, header, read, result, start_search, trial


def test_what_a_journal_tells() -> None:
    search = read(halving())
    assert (search.method, search.metric, search.part, search.direction) == (
        "hyperband", "accuracy", "validation", "maximize",
    )  # fmt: skip
    assert search.paths == [RATE, NAME]
    assert search.statuses == {"completed": 3, "diverged": 1}
    assert search.granted == 1 + 9 + 1 + 9
    assert search.trained == 4 + 4 + 3 + 6
    assert search.end == "complete"
    assert [each.trial for each in search.standings.ranked()] == [1, 0, 2, 3]
    assert search.best is search.trials[1]
    assert list(search.starts.values()) == [0, 0, 0, 0, 1, 1, 3, 3]
    assert [(rung.rung, rung.epochs, len(rung.results)) for rung in search.rungs] == [
        (0, 1, 4), (1, 3, 2), (2, 9, 2),
    ]  # fmt: skip


def test_rungs_are_several_budgets_of_one_bracket() -> None:
    assert read(halving()).has_rungs
    assert not read(halving()[:9]).has_rungs
    two = [header(), trial(0, bracket=1), trial(1), result(0, 3, 0.5), result(1, 9, 0.5)]
    assert not read(two).has_rungs
    assert not read([header()]).has_rungs


def test_a_search_without_results() -> None:
    for records in ([], [header()], [header(), trial(0)]):
        search = read(records)
        assert (search.best, search.standings.ranked(), search.rungs, search.end) == (None, [], [], None)
        assert (search.granted, search.trained) == (0, 0)
    assert read([header(), trial(0)]).statuses == {"waiting": 1}


def test_the_horizon_that_an_extension_keeps() -> None:
    begun, resume = header(horizon=9), {"record": "resume", "changes": {"budget": {"max_epochs": 27}}}
    assert read([begun, trial(0)]).kept_horizon is None
    longer = read([begun, trial(0), resume])
    assert longer.kept_horizon == 9
    assert longer.set_words(0, reads_horizon=True)[-3:] == [
        "training.epochs=27", "training.horizon=9", "training.threads=1",
    ]  # fmt: skip
    assert "training.horizon=9" not in longer.set_words(0)


def test_a_trial_that_moves_to_another_bracket_keeps_its_results() -> None:
    search = read([header(), trial(0, bracket=1), result(0, 1, 0.5), trial(0, bracket=2)])
    assert (search.trials[0].bracket, len(search.results)) == (2, 1)


def test_an_end_that_was_gone_on_from_is_none() -> None:
    assert read([header(), {"record": "end", "reason": "time limit"}, trial(0)]).end is None


@pytest.mark.parametrize(
    ("settings", "method", "sampler"),
    [
        ({"method": "halving"}, "halving", None),
        ({"method": {"scheduler": "full_budget", "sampler": "grid"}}, "grid", None),
        ({"scheduler": "hyperband", "sampler": "grid"}, "hyperband × grid", None),
        ({"method": "bayes", "chosen_sampler": "tpe"}, "bayes", "tpe"),
    ],
)
def test_the_methods_name_and_the_sampler_that_was_chosen_automatically(
    settings: dict[str, Any], method: str, sampler: str | None
) -> None:
    search = read([header(**settings)])
    assert (search.method, search.sampler) == (method, sampler)


@pytest.mark.parametrize(
    ("metric", "given", "direction"),
    [
        ("log_loss", "auto", "minimize"),
        ("accuracy", "auto", "maximize"),
        ("accuracy", "minimize", "minimize"),
    ],
)
def test_the_direction_follows_from_the_metric_if_it_is_auto(metric: str, given: str, direction: str) -> None:
    assert read([header(objective={"metric": metric, "direction": given})]).direction == direction


def test_a_search_by_any_function() -> None:
    """The header of `search.functions.search_function` says less."""
    first = {**header(), "settings": {"scheduler": "halving", "direction": "minimize"}}
    search = read([first, trial(0), trial(1), result(0, 3, 2.0), result(1, 3, 1.0)])
    assert (search.metric, search.method, search.direction) == ("objective", "halving", "minimize")
    assert search.paths == [RATE, NAME]
    assert search.best is search.trials[1]


def test_the_settings_are_in_the_order_of_the_dimensions() -> None:
    """The header names these; hidden layers have several."""
    paths = ["training.l2", "model.hidden.depth", "model.hidden.width", "model.dropout"]
    first = trial(0, {"model.dropout": 0.5, "model.hidden": [8], "other": 1})
    search = read([header(paths=paths), first, trial(1, {"training.l2": 0.1})])
    assert search.paths == ["training.l2", "model.hidden", "model.dropout", "other"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("training.l2", True), ("model.hidden", True), ("model.output.delta", False), ("model", False)],
)
def test_trials_have_one_loss_unless_the_output_is_searched(path: str, expected: bool) -> None:
    assert read([header(), trial(0, {path: 1})]).has_one_loss == expected


def test_the_words_that_train_a_trial() -> None:
    search = read([header(), trial(0, {"model.hidden": [64, 64], "training.optimizer": {"name": "sgd"}})])
    assert search.set_words(0) == [
        "model.hidden=[64, 64]", "training.optimizer={name: sgd}", "training.epochs=9", "training.threads=1",
    ]  # fmt: skip
    records = [trial(0, {"x": 1}), result(0, 4, 0.5), result(0, 60, 0.5, rung=1, epochs=56)]
    search = read([header(budget={"total": 256}), *records])
    assert search.set_words(0) == ["x=1", "training.epochs=60", "training.threads=1"]
    search = read([header(budget={"max_epochs": None}), *records])
    assert search.set_words(0) == ["x=1", "training.threads=1"]


@pytest.mark.parametrize(
    ("members", "part", "has_one"),
    [(1, "validation", False), (2, "validation", True), (2, "bags", False)],
)
def test_a_trial_has_one_network_unless_trials_are_ensembles(members: int, part: str, has_one: bool) -> None:
    objective = {"metric": "accuracy", "on": part, "direction": "maximize"}
    search = read([header(members=members, objective=objective), trial(0)])
    assert ("model.ensemble=1" in search.set_words(0)) == has_one


@pytest.mark.parametrize(
    ("sampler", "paths", "expected"),
    [
        ("controller", ["model.hidden.depth", RATE], True),
        ("controller", [RATE], False),
        ("random", ["model.hidden.depth"], False),
    ],
)
def test_layers_are_learned_by_some_samplers(sampler: str, paths: list[str], expected: bool) -> None:
    search = read([header(scheduler="full_budget", sampler=sampler, paths=paths)])
    assert search.learns_layers is expected


def test_epochs_that_an_extension_trains_again() -> None:
    """A trial of 9 epochs was asked for 3: in each of two folds they were trained again."""
    once = [header(), trial(0), result(0, 9, 0.5)]
    assert read(once).repeated == 0
    assert read([*once, result(0, 3, 0.4)]).repeated == 3
    folds = {"folds": [0.4, 0.4]}
    assert read([*once, result(0, 3, 0.4, facts=folds)]).repeated == 6


@pytest.mark.parametrize(
    ("status", "recorded"),
    [("completed", {"trials": 5}), ("interrupted", {"trials": 4, "epochs_trained": 18})],
)
def test_a_journal_that_lost_its_end_is_damaged(
    tmp_path: Path, recorded: dict[str, int], status: RunStatus, messages: Messages
) -> None:
    """Cut between two lines it has no wrong checksum; the manifest knows of more."""
    run = start_search(tmp_path, halving())
    run.record({"search": {"method": "halving"}, "status": status})
    assert read_search(run) is not None
    run.record({"search": {"method": "halving", "trials": 3, "epochs_trained": 17}})
    assert read_search(run) is not None, "since the manifest was written the search may have gone on"
    run.record({"search": {"method": "halving", **recorded}})
    with pytest.raises(DataError) as caught:
        read_search(run)
    run.let_go()
    messages.check(str(caught.value).replace(run.path.name, "RUN"))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"settings": {}}, "it has no key 'record'"),
        ({"record": "epoch"}, "a record of the kind 'epoch' is unknown"),
        ({"record": "trial", "number": 1, "bracket": 0}, "it has no key 'assignment'"),
        ({**result(0, 1, 0.5), "status": "lost"}, "the status 'lost' is unknown"),
        (result(7, 1, 0.5), ""),
        ({**result(0, 1, 0.5), "objective": "high"}, ""),
    ],
)
def test_what_is_no_record_is_told(record: JournalRecord, reason: str) -> None:
    with pytest.raises(DataError, match=rf"runs/journal\.jsonl: has an invalid record \(.*{reason}"):
        search_history([header(), trial(0), record], Path("runs/journal.jsonl"))


def test_results_between_rungs_are_not_at_a_rung_unless_their_trial_ended_there() -> None:
    """The rungs of 3 and 9 epochs are trained in parts of 1; an extension has moved trial 0 to bracket 1."""
    records = [
        header(rungs={"0": [3, 9], "1": [9]}),
        *(trial(number) for number in range(3)),
        trial(0, bracket=1),
        *(result(number, 1, 0.5) for number in range(3)),
        *(result(number, 3, 0.6, epochs=2) for number in range(2)),
        result(2, 2, None, epochs=1),
        result(1, 9, 0.7, rung=1, epochs=6),
        result(0, 9, 0.8, epochs=6),
    ]
    found = read(records).rungs
    assert [(each.bracket, each.epochs, [one.trial for one in each.results]) for each in found] == [
        (1, 9, [0]),
        (0, 3, [1, 2]),
        (0, 9, [1]),
    ]
