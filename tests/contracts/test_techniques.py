"""Each technique of training has an effect with each kind of optimizer, or is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fnnctl.config.schema.setting import setting_of
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.errors import ConfigError
from fnnctl.stacks.work import train_fits
from tests.modelling.prepared import prepare

TECHNIQUES = [name for name, info in TrainingConfig.model_fields.items() if setting_of(info).is_technique]


def weights(optimizer: str, folder: Path, *overrides: str) -> bytes:
    """The weights after two epochs with a seed that does not depend on the settings."""
    config = folder / "iris.yaml"
    config.write_text(
        f"recipe: classic\ndata: {{source: iris}}\ntraining: {{epochs: 2, optimizer: {optimizer}}}\n"
    )
    prepared = prepare(config, overrides)
    (trained,) = train_fits(prepared.data, [replace(prepared.fit, seed=1)]).trained
    return trained.parameters.tobytes()


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("name", TECHNIQUES)
def test_it_changes_the_weights_or_is_refused(name: str, optimizer: str, tmp_path: Path) -> None:
    try:
        changed = weights(optimizer, tmp_path, f"training.{name}=0.01")
    except ConfigError as error:
        assert [problem.path for problem in error.problems] == [f"training.{name}"]  # noqa: PT017
    else:
        assert changed != weights(optimizer, tmp_path), "nothing uses the setting"
