"""The scores of folds, taken by the worker that trained them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import softmax

from fnnctl.modelling.loading import load_experiment
from fnnctl.seeds import member_seed
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.work import train_fits


def test_a_fold_of_an_ensemble_is_scored_by_the_mean_probabilities(iris: Path) -> None:
    """Those of separate trainings with the members' seeds."""
    folds = "evaluation.cross_validation={folds: 3, repeats: 2}"
    validation = load_experiment(iris, [folds, "training.epochs=4"]).cross_validation()
    never = dict.fromkeys(("early_stopping", "convergence"))
    alone = []
    for fit in validation.fits:
        training = fit.experiment.training.model_copy(update=never)
        alone.append(replace(fit, experiment=fit.experiment.model_copy(update={"training": training})))
    apart = [
        FoldMeasure()(
            train_fits(validation.data, [replace(fit, seed=member_seed(fit.seed, number)) for fit in alone])
        )
        for number in range(3)
    ]
    fits = [replace(fit, settings=replace(fit.settings, ensemble=3)) for fit in alone]
    together = train_fits(validation.data, fits)
    assert len(together.trained) == 18
    for k, fold in enumerate(FoldMeasure()(together)):
        assert fold.outputs is not None
        outputs = [each[k].outputs for each in apart]
        expected = np.mean([softmax(each, axis=1) for each in outputs], axis=0)
        np.testing.assert_allclose(np.exp(fold.outputs), expected, rtol=1e-5)
