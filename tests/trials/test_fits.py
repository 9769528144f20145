"""The fits of a trial are those of `train` and `evaluate`, and are made when they are needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.modelling.fit import Fit
from fnnctl.records.trials import Job, Trial
from fnnctl.trials.fits import FailedTrialError
from tests.modelling.prepared import prepare
from tests.runs.searching import RATE, prepared, search, write_config

SPACE = {RATE: {"log_uniform": [0.003, 0.3]}, "model.hidden": {"choice": [[4], [8], [4, 4]]}}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "x.yaml", search={"space": SPACE})


def test_a_trials_fit_is_the_one_of_train(config: Path) -> None:
    fits = prepared(config).fits
    (fit,) = fits.fits({RATE: 0.05, "model.hidden": [8]})
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
    config = write_config(
        tmp_path / "x.yaml",
        search={"space": SPACE, "objective": {"on": "cross_validation"}},
        evaluation={"cross_validation": {"folds": 4, "repeats": 2}},
    )
    fits = prepared(config).fits.fits({RATE: 0.05, "model.hidden": [8]})
    assert len({fit.seed for fit in fits}) == 8
    assert [fit.rows.key for fit in fits] == [(repeat, fold) for repeat in range(2) for fold in range(4)]
    assert fits[0].preprocessor != fits[1].preprocessor


@pytest.mark.parametrize(("split", "share"), [
    ({"test": 0.0}, 1 / 4),
    ({"test": 0.0, "by": "petal_length_cm"}, 1 / 3),
])  # fmt: skip
def test_the_share_of_test_rows_is_that_of_all_folds(
    tmp_path: Path, split: dict[str, object], share: float
) -> None:
    """In an order, the five folds learn from 1, 2, …, 5 blocks, and each tests one."""
    config = write_config(
        tmp_path / "x.yaml",
        search={"space": SPACE, "objective": {"on": "cross_validation"}},
        evaluation={"cross_validation": {"folds": 5, "repeats": 2}},
        data={"source": "iris", "split": split},
    )
    assert prepared(config).fits.test_share == pytest.approx(share, abs=0.01)


def test_of_folds_in_the_order_of_a_column_the_middle_one_is_typical(tmp_path: Path) -> None:
    config = write_config(
        tmp_path / "x.yaml",
        search={"space": SPACE, "objective": {"on": "cross_validation"}},
        evaluation={"cross_validation": {"folds": 5, "repeats": 2}},
        data={"source": "iris", "split": {"by": "petal_length_cm", "test": 0.0}},
    )
    fits = prepared(config).fits
    assignment = {RATE: 0.05, "model.hidden": [8]}
    sizes = [fit.trained_rows for fit in fits.fits(assignment)]
    assert sizes[:5] == sizes[5:] == sorted(sizes[:5])
    typical = fits.typical_fit(assignment)
    assert typical is not None
    assert typical.trained_rows == sizes[2]


def test_what_the_rules_refuse_has_no_fits(config: Path) -> None:
    with pytest.raises(FailedTrialError, match=r"training\.batch_size"):
        prepared(config).fits.fits({RATE: 0.05, "model.hidden": [8], "training.batch_size": 0})


def test_a_network_too_large_has_no_fits(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fits = prepared(config).fits
    monkeypatch.setattr("fnnctl.modelling.fit.available_bytes", lambda: 1)
    with pytest.raises(FailedTrialError, match="of memory"):
        fits.stack_keys({RATE: 0.05, "model.hidden": [8]})


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
    (fit,) = own.fits.fits({RATE: 0.05, "model.hidden": [8]})
    assert not any(isinstance(getattr(fit, name), np.ndarray) for name in fit.__slots__)
    weights = fit.member(own.loaded.data, own.split).weights
    assert weights is not None
    assert weights.shape == own.split.train.shape
