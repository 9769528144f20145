from __future__ import annotations

from collections.abc import Callable

from fnnctl.config.reading.loading import LoadedConfig

Load = Callable[..., LoadedConfig]


def test_early_stopping_is_off_where_it_is_left_out_and_there_is_nothing_to_watch(load: Load) -> None:
    assert load("data: {source: iris}").experiment.training.early_stopping is not None
    without = "data: {source: iris, split: {validation: 0}}"
    assert load(without).experiment.training.early_stopping is None
    assert load(without + "\ntraining: {epochs: 5}").experiment.training.epochs == 5
