"""The terms that messages, reports and the documentation use, each in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TERMS: Final[Mapping[str, str]] = {
    "activation": "The function that a layer applies to the weighted sums of its inputs.",
    "assignment": "Values for the settings of a search space, which together with the config give a trial.",
    "bag": "The training rows of one member of an ensemble: all folds but one, on which it is validated.",
    "baseline": "The scores of always predicting the most frequent class, or the mean of the target.",
    "batch": "The rows of one step of a training.",
    "bracket": "One of the successive-halving ladders of HyperBand; they differ in how many trials begin, "
    "and with how many epochs.",
    "budget": "The number of epochs that a search has granted to a trial so far.",
    "calibration": "Changing the probabilities of a trained network so that they agree with how often the "
    "classes occur.",
    "checkpoint": "The stored state of a training, from which it is resumed.",
    "configuration": "The complete settings of one training: what the config sets, and the recipe's values "
    "for the rest.",
    "contribution": "How far a column moves the prediction of a row from the mean prediction of other rows, "
    "the background: its Shapley value.",
    "cost": "Epochs × rows × parameters × networks: what a training takes, whatever the machine is.",
    "coverage": "The share of the rows whose true value is in the predicted interval or set.",
    "cross-validation": "Training once per fold on the rows outside of it, so that every row is tested once "
    "per repeat.",
    "domain": "The values that a search may give to one setting.",
    "dropout": "Setting a random share of a layer's outputs to 0 in each step of a training, against "
    "overfitting.",
    "early stopping": "Ending a training when the monitored value has not improved for some epochs.",
    "ensemble": "Several networks whose predictions are averaged.",
    "epoch": "One pass over the training rows; with lbfgs, one iteration.",
    "experiment": "What a config asks for.",
    "fold": "One of the parts into which a cross-validation divides the rows; each is the test part once.",
    "gate": "A condition of `fnnctl report`, such as `--fail-under`, which ends with exit code 1 if it is "
    "missed.",
    "incumbent": "The best trial of a search so far.",
    "interval": "The range in which a score would probably be on other rows of the same kind: the 95 % "
    "confidence interval.",
    "job": "One piece of a search's work: a trial from one budget to the next.",
    "journal": "The file with all results of a search, in the order in which decisions are made from them; a"
    " search is resumed from it.",
    "layer": "The units of a network that get their inputs together; those between the inputs and the output"
    " are hidden.",
    "learning rate": "The size of the steps of an optimizer.",
    "learning-rate schedule": "How the learning rate changes during a training.",
    "member": "One of the networks of an ensemble.",
    "normalization": "Giving the inputs of a layer's activation mean 0 and variance 1, over the batch or "
    "over the layer.",
    "objective": "The metric by which the trials of a search are compared, and where it is measured.",
    "optimizer": "The rule by which each step of a training changes the weights.",
    "out-of-bag": "Of the rows that a member of an ensemble was not trained on: predictions for them measure"
    " the ensemble without a validation part.",
    "portfolio": "The configurations that a search without a space tries first, because they were good on "
    "other tables.",
    "positive class": "With two classes, the one that precision, recall and `model.threshold` are about.",
    "promotion": "Granting a trial the epochs of the next rung, because it is among the best of its rung.",
    "recipe": "What the settings are that a config does not set: `default`, `fast` or `classic`.",
    "reduction factor": "How many trials of a rung compete for each place in the next rung, which has as "
    "many times the epochs: η.",
    "refit": "Training the best configuration of a search again, on the training and validation rows "
    "together.",
    "regularization": "What keeps a network from learning its training rows by heart, such as an L2 penalty "
    "or dropout.",
    "residual connection": "A layer that adds its inputs to its outputs.",
    "run": "One execution of an experiment, and the folder with all that it wrote.",
    "rung": "A number of epochs at which the trials of a search are compared.",
    "sampler": "The part of a search method that proposes configurations.",
    "scheduler": "The part of a search method that decides how many epochs each trial gets; the learning "
    "rate has a schedule.",
    "search space": "The settings that a search varies, each with its domain.",
    "seed": "The number from which all random numbers of an experiment follow; the same seed gives the same "
    "results.",
    "split": "How the rows are divided into training, validation and test parts.",
    "stack": "Networks of one shape, which are trained together because that is faster.",
    "stratified": "With the same class proportions in every part.",
    "task": "Classification or regression: what kind of target is predicted.",
    "test part": "The rows that are used once, at the end, to measure a network that is chosen already.",
    "threshold": "With two classes, the probability from which the positive class is predicted.",
    "trial": "One configuration that a search tries.",
    "twin": "A second network beside each member of an ensemble, which reads numbers without their "
    "embedding.",
    "validation part": "The rows that decide when a training stops and which trial is best.",
    "warm-up": "The first epochs of a training, in which the learning rate rises.",
}
"""The sentences by term, in alphabetical order."""
