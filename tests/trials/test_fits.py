"""The fits of a trial are those of `train` and `evaluate`, and are made when they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.modelling.fit import Fit
from fnnctl.records.trials import Job, Trial
from fnnctl.trials.fits import FailedTrialError, TrialFits
from tests.modelling.prepared import prepare
from tests.program import SetMemory
from tests.runs.searching import RATE, prepared, search, write_config

SPACE = {RATE: {"log_uniform": [0.003, 0.3]}, "model.hidden": {"choice": [[4], [8], [4, 4]]}}
ASSIGNMENT = {RATE: 0.05, "model.hidden": [8]}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "x.yaml", search={"space": SPACE})


def on_folds(folder: Path, *, folds: int = 5, **split: Any) -> TrialFits:
    """The fits of trials on the folds of two repeats."""
    config = write_config(
        folder / "x.yaml",
        search={"space": SPACE, "objective": {"on": "cross_validation"}},
        evaluation={"cross_validation": {"folds": folds, "repeats": 2}},
        data={"source": "iris", "split": split},
    )
    return prepared(config).fits


def test_a_trials_fit_is_the_one_of_train(config: Path) -> None:
    fits = prepared(config).fits
    (fit,) = fits.fits(ASSIGNMENT)
    alone = prepare(
        config, [f"{RATE}=0.05", "model.hidden=[8]", "training.epochs=9", "training.threads=1"]
    ).fit
    assert (fit.seed, fit.settings, fit.sizes) == (alone.seed, alone.settings, alone.sizes)
    assert fit.preprocessor == alone.preprocessor


def test_trials_of_one_shape_have_one_key(config: Path) -> None:
    fits = prepared(config).fits
    keys = [
        fits.stack_keys({RATE: rate, "model.hidden": hidden})
        for rate, hidden in ((0.01, [8]), (0.1, [8]), (0.01, [4]))
    ]
    assert keys[0] == keys[1] != keys[2]


def test_a_trial_on_bags_costs_as_much_as_its_members_and_its_own_epochs(tmp_path: Path) -> None:
    config = write_config(
        tmp_path / "x.yaml",
        model={"ensemble": {"members": 3, "bags": True}},
        search={
            "objective": {"on": "bags"},
            "space": {"training.epochs": {"integer": [2, 9]}},
            "method": "random",
        },
    )
    search = prepared(config)
    (fit,) = search.fits.fits({"training.epochs": 5})
    assert (fit.settings.ensemble, fit.settings.bags, fit.experiment.training.epochs) == (3, True, 5)
    keys = search.fits.stack_keys({"training.epochs": 5})
    assert keys.cost == fit.layout.size * 3 * fit.trained_rows
    trial = Trial(0, {"training.epochs": 5})
    jobs = [Job(trial, 0, 0, 3), Job(trial, 1, 3, 9), Job(trial, 2, 9, 27)]
    assert [keys.cost_of(job) for job in jobs] == [3 * keys.cost, 2 * keys.cost, 0]


def test_folds_have_seeds_and_preprocessing_of_their_own(tmp_path: Path) -> None:
    fits = on_folds(tmp_path, folds=4).fits(ASSIGNMENT)
    assert len({fit.seed for fit in fits}) == 8
    assert [fit.rows.key for fit in fits] == [(repeat, fold) for repeat in range(2) for fold in range(4)]
    assert fits[0].preprocessor != fits[1].preprocessor


def test_the_share_of_test_rows_is_that_of_all_folds(tmp_path: Path) -> None:
    """In an order, the five folds learn from 1, 2, …, 5 blocks, and each tests one; the middle is typical."""
    assert on_folds(tmp_path, test=0.0).test_share == pytest.approx(1 / 4, abs=0.01)
    fits = on_folds(tmp_path, test=0.0, by="petal_length_cm")
    assert fits.test_share == pytest.approx(1 / 3, abs=0.01)
    sizes = [fit.trained_rows for fit in fits.fits(ASSIGNMENT)]
    assert sizes[:5] == sizes[5:] == sorted(sizes[:5])
    typical = fits.typical_fit(ASSIGNMENT)
    assert typical is not None
    assert typical.trained_rows == sizes[2]


def test_what_the_rules_refuse_or_has_no_room_has_no_fits(config: Path, set_memory: SetMemory) -> None:
    fits = prepared(config).fits
    with pytest.raises(FailedTrialError, match=r"training\.batch_size"):
        fits.fits({**ASSIGNMENT, "training.batch_size": 0})
    set_memory(1)
    with pytest.raises(FailedTrialError, match="of memory"):
        fits.stack_keys(ASSIGNMENT)


def test_fits_are_made_when_a_worker_has_room_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first stack trains before the fits of the last one exist, and nothing keeps those that are done."""
    config = write_config(tmp_path / "x.yaml", search={"space": {RATE: {"log_uniform": [0.003, 0.3]}}})
    events: list[str] = []
    member = Fit.member

    def counted(fit: Fit, *arguments: object, **options: object) -> object:
        events.append("train")
        return member(fit, *arguments, **options)  # type: ignore[arg-type]

    def made(*arguments: object) -> int:
        events.append("made")
        return 1

    monkeypatch.setattr(Fit, "member", counted)
    monkeypatch.setattr("fnnctl.trials.fits.configuration_seed", made)
    monkeypatch.setattr("fnnctl.trials.stack_runner.stack_size", lambda *_, **__: 1)
    search(config, "--method", "random", "--max-trials", "4", "--executor", "serial")
    assert events[: 2 * 4] == ["made", "train"] * 4


def test_no_fit_holds_an_array_of_weights(tmp_path: Path) -> None:
    """Class weights are a factor per row: the worker computes them from the classes."""
    config = write_config(
        tmp_path / "x.yaml", training={"class_weights": "balanced"}, search={"space": SPACE}
    )
    own = prepared(config)
    (fit,) = own.fits.fits(ASSIGNMENT)
    assert not any(isinstance(getattr(fit, name), np.ndarray) for name in fit.__slots__)
    weights = fit.member(own.loaded.data, own.split).weights
    assert weights is not None
    assert weights.shape == own.split.train.shape
