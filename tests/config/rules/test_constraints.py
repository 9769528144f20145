from __future__ import annotations

from collections.abc import Callable

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml


def test_constraints_are_written_as_they_were_read(load: Callable[..., LoadedConfig]) -> None:
    text = "data: {source: iris}\nsearch:\n  space: {training.l2: {choice: [0.1]}}\n"
    loaded = load(text + "  require: [l2 < 1, l2 > 0]\n")
    assert loaded.experiment.search is not None
    assert loaded.experiment.search.requirements == ("l2 < 1", "l2 > 0")
    assert load(resolved_yaml(loaded.experiment)).experiment.search == loaded.experiment.search
    without = load(text).experiment
    assert without.search is not None
    assert without.search.requirements == ()
    assert "require" not in resolved_yaml(without)
