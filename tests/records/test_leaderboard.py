from __future__ import annotations

from fnnctl.records.leaderboard import leaderboard_table
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Result, Status, Trial


def test_rows_are_in_the_order_of_objective_and_number() -> None:
    trials = {
        0: Trial(0, {"rate": 0.1, "momentum": 0.9}, 1),
        1: Trial(1, {"rate": 0.2}, 1),
        2: Trial(2, {"rate": 0.3, "momentum": 0.5}, 0),
        3: Trial(3, {"rate": 0.4}, 0),
        4: Trial(4, {"rate": 0.5}, 0),
    }
    results = [
        Result(0, 0, 3, Status.COMPLETED, 0.5, 3),
        Result(1, 0, 3, Status.COMPLETED, 0.75, 3),
        Result(2, 0, 9, Status.DIVERGED, None, 4, "NaN"),
        Result(3, 0, 9, Status.STOPPED_EARLY, 0.75, 5),
        Result(1, 1, 9, Status.COMPLETED, 0.8, 6),
    ]
    columns, rows = leaderboard_table(trials, Standings("maximize", results), ["momentum", "rate"])
    assert columns == [
        "rank", "trial", "status", "objective", "epochs", "bracket", "rung", "momentum", "rate",
    ]  # fmt: skip
    assert list(rows) == [
        [1, 1, "completed", 0.8, 9, 1, 1, None, 0.2],
        [2, 3, "stopped early", 0.75, 5, 0, 0, None, 0.4],
        [3, 0, "completed", 0.5, 3, 1, 0, 0.9, 0.1],
        [4, 2, "diverged", None, 4, 0, 0, 0.5, 0.3],
    ]
    _, rows = leaderboard_table(trials, Standings("minimize", results), [])
    assert [row[1] for row in rows] == [0, 3, 1, 2]


def test_lists_and_mappings_are_written_as_in_a_config() -> None:
    layers = [{"units": 8, "activation": "relu", "residual": False}]
    trials = {0: Trial(0, {"hidden": layers, "stopping": {"patience": 3}, "shuffle": True})}
    results = [Result(0, 0, 3, Status.COMPLETED, 0.5, 3)]
    paths = ["hidden", "stopping", "shuffle"]
    _, rows = leaderboard_table(trials, Standings("maximize", results), paths)
    assert next(rows)[-3:] == ["[{units: 8, activation: relu, residual: false}]", "{patience: 3}", True]
