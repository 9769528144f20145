"""The contract of validation schemes: whatever has a record runs through it without being told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from fnnctl.config.schema.validation_schemes import VALIDATION_SCHEMES, SchemeName, scheme_named
from fnnctl.trials.schemes import trial_scheme
from tests.program import Program, read_json
from tests.runs.searching import RATE, of_kind, prepared, search, write_config

pytestmark = pytest.mark.usefixtures("no_figures")

NAMES = sorted(VALIDATION_SCHEMES)
USES = {
    "curve_stopping": ("median", "no_curve_stopping"),
    "confirm": ({"top": 2, "seeds": 2}, "no_confirmation"),
    "ensemble": ({"size": 3}, "no_ensemble"),
}
"""What a search may do with trials: the setting, a value, and the reason in a record that it does not."""


def written(folder: Path, name: str, **settings: Any) -> Path:
    """The config of a search with rungs, which has a validation part, bags and folds, so that each works."""
    return write_config(
        folder / "x.yaml",
        data="iris",
        model={"ensemble": {"members": 3, "bags": True}},
        training={"early_stopping": {"monitor": "train_loss", "patience": 3}},
        search={
            "objective": {"metric": "log_loss", "on": name},
            "trials": 4,
            "ensemble": None if VALIDATION_SCHEMES[name].no_ensemble else {"size": 3},
            "space": {RATE: {"log_uniform": [0.003, 0.3]}},
            **settings,
        },
        evaluation={"cross_validation": {"folds": 3}},
    )


class TestRecords:
    def test_each_is_a_value_of_the_setting(self) -> None:
        assert {*get_args(SchemeName)} == {*VALIDATION_SCHEMES}

    def test_any_other_value_stands_for_the_default(self) -> None:
        for value in ("fold", None, ["bags"], 3):
            assert scheme_named(value) is VALIDATION_SCHEMES["validation"]

    @pytest.mark.parametrize("name", NAMES)
    def test_each_has_a_module_of_its_name(self, name: str) -> None:
        assert trial_scheme(VALIDATION_SCHEMES[name]).facts is VALIDATION_SCHEMES[name]

    def test_reports_tell_them_apart(self) -> None:
        assert len({scheme.words for scheme in VALIDATION_SCHEMES.values()}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_trial_never_sees_the_test_part(name: str, tmp_path: Path) -> None:
    scheme, ready = VALIDATION_SCHEMES[name], prepared(written(tmp_path, name))
    data, test = ready.loaded.data, {*ready.split.test.tolist()}
    fits = ready.fits.fits({RATE: 0.1})
    assert (len(fits) > 1) == scheme.has_folds
    for fit in fits:
        split = fit.split(data)
        trained, measuring = {*split.train.tolist()}, {*split.validation.tolist()}
        if scheme.has_folds:
            measuring = {*split.test.tolist()}
        assert trained
        assert measuring
        assert not test & (trained | measuring)
        assert bool(trained & measuring) == scheme.trains_ensembles  # by other members
        if not scheme.has_folds:
            assert ready.base_fit().sizes[:2] == (len(trained), len(measuring))


@pytest.mark.parametrize("name", NAMES)
class TestSettings:
    @pytest.mark.parametrize("use", USES)
    def test_what_the_record_has_a_reason_against_is_refused(
        self, name: str, use: str, tmp_path: Path, program: Program
    ) -> None:
        value, field = USES[use]
        reason = getattr(VALIDATION_SCHEMES[name], field)
        done = program("check", str(written(tmp_path, name, **{use: value})))
        if reason is None:
            assert (done.code, done.out) == (0, "")
        else:
            assert done.code == 2
            assert f": search.{use}: {reason}; write n" in done.out

    @pytest.mark.parametrize("path", ["training.epochs", "model.ensemble.plain_twins"])
    def test_epochs_and_twins_are_searched_if_trials_are_ensembles(
        self, name: str, path: str, tmp_path: Path, program: Program
    ) -> None:
        domain = {"choice": [3, 9]} if path == "training.epochs" else {"choice": [False]}
        done = program("check", str(written(tmp_path, name, space={path: domain})))
        is_refused = f"search.space.{path}: cannot be searched, except with search.objective" in done.out
        assert (done.code == 2) == is_refused
        assert is_refused != VALIDATION_SCHEMES[name].trains_ensembles


@pytest.mark.parametrize("name", NAMES)
def test_a_search_does_all_that_its_record_allows(name: str, tmp_path: Path, program: Program) -> None:
    """Its best trial becomes an ensemble as it is, or by the refit."""
    scheme = VALIDATION_SCHEMES[name]
    uses = {use: value for use, (value, field) in USES.items() if getattr(scheme, field) is None}
    folder = search(written(tmp_path, name, compare_with_default=True, **uses), "--executor", "serial")
    facts, best = (read_json(path / "manifest.json") for path in (folder, folder / "best"))
    assert facts["search"]["compared_with_default"]["outcome"] in {"compared", "same"}
    assert best["trial"] == facts["search"]["best"]["trial"]
    assert (best["model"]["networks"], best["model"]["bags"]) == (3, True)
    assert (folder / "ensemble").exists() == (scheme.no_ensemble is None)
    assert bool(of_kind(folder, "confirmed")) == (scheme.no_confirmation is None)
    assert scheme.words.where in " ".join(program("report", str(folder)).out.split())
