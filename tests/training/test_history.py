from __future__ import annotations

import numpy as np

from fnnctl.tasks.epoch_metrics import ClassificationEpochMetrics
from fnnctl.training.history import History, history_table, monitored


def test_a_members_history_is_its_own() -> None:
    history = History()
    history.append({"train_loss": np.array([3.0, 5.0])})
    history.append({"train_loss": np.array([2.0, 4.0])})
    assert history.of_member(1) == {"train_loss": [5.0, 4.0]}
    remembered = {name: column[[1]] for name, column in history.state.items()}
    gone_on = History(remembered)
    for _ in range(40):
        gone_on.append({"train_loss": np.array([1.0])})
    assert gone_on.of_member(0) == {"train_loss": [5.0, 4.0, *[1.0] * 40]}
    assert history.of_member(1) == {"train_loss": [5.0, 4.0]}


def test_rising_columns_get_the_sign_that_makes_smaller_better() -> None:
    record = {"validation_loss": np.array([1.0, 2.0, 3.0]), "validation_f1_macro": np.array([0.1, 0.2, 0.3])}
    values = monitored(record, ["validation_loss", "validation_f1_macro", None], {"validation_f1_macro"})
    np.testing.assert_array_equal(values, [1.0, -0.2, 0.0])


def test_the_loss_of_calibrated_probabilities_has_a_column_if_it_is_monitored() -> None:
    metrics, history = ClassificationEpochMetrics(2), {"train_loss": [0.5], "validation_loss": [0.4]}
    columns, _ = history_table(history, metrics, layers=0, calibrated=False)
    assert "validation_calibrated_loss" not in columns
    history |= {"validation_calibrated_loss": [0.3]}
    columns, rows = history_table(history, metrics, layers=0, calibrated=True)
    assert dict(zip(columns, rows[0], strict=True))["validation_calibrated_loss"] == 0.3
