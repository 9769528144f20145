"""Contributions beside exact Shapley values and shap's permutation explainer, with the same background.

    python -m tests.benchmarks.contributions [--rows 20] [--recipes default classic]

Trains on a table of eight columns: numbers that interact, of which some are missing, categories and a date.
Prints by recipe and task what explaining a row takes, in processor seconds and in predictions, and how far
the effects are from the exact ones, which follow from all 2⁸ sets of columns: the root mean square in
standard deviations of the explained values, and the largest in standard errors. If the package shap is
installed, it predicts through the same networks, with as many predictions and with its default of ten times
as many.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

import fnnctl
from fnnctl.arrays import FloatArray, IntArray
from fnnctl.blas import set_blas_threads
from fnnctl.data.in_memory import rows_data
from fnnctl.modelling.explanations.background import background_of_rows
from fnnctl.modelling.explanations.contributions import Explainer
from fnnctl.modelling.input_file import InputFile, as_notes
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.training.scoring import SCORING_BATCH
from tests.benchmarks.measuring import CLOCK

TRAINED_ROWS = 1000
SETTINGS: dict[str, Any] = {}
"""Beside the recipe."""
NUMBERS: Final = ("a", "b", "c", "d", "e")
SEED: Final = 1


def table(rows: int) -> dict[str, list[Any]]:
    """Columns of all kinds; the targets `amount` and `kind` follow from interactions of three of them."""
    rng = np.random.default_rng(SEED)
    a, b, c, d, e = rng.normal(size=(5, rows)).round(3)
    place, code = rng.choice(["north", "south", "west"], rows), rng.choice(list("uvwxyz"), rows)
    month = rng.integers(1, 13, rows)
    amount = a * b + np.where(place == "north", c, -c) * (d > 0) + 0.3 * month + (code == "u") * e
    amount += 0.3 * rng.normal(size=rows)
    columns: dict[str, list[Any]] = {
        name: values.tolist() for name, values in zip(NUMBERS, (a, b, c, d, e), strict=True)
    }
    columns["b"][::11] = [None] * len(columns["b"][::11])
    columns |= {"place": place.tolist(), "code": code.tolist()}
    columns["day"] = [f"2024-{number:02}-{1 + k % 28:02}" for k, number in enumerate(month.tolist())]
    kinds = np.array(["low", "middle", "high"])[np.digitize(amount, [1.0, 3.0])]
    return {**columns, "amount": amount.tolist(), "kind": kinds.tolist()}


@dataclass
class Mixtures:
    """Values of rows whose columns come from several rows: a mixture is the number of the row for each."""

    explainer: Explainer
    features: list[FloatArray]
    """Of all rows, for each part of the predictor that has its own."""
    column_of: list[IntArray]
    """(features,) the column of each feature, for each such part."""
    index: int = 0
    """Of the class that is explained."""
    predictions: int = 0

    def values(self, mixtures: IntArray) -> FloatArray:
        """What is explained of mixtures, (n, columns)."""
        self.predictions += len(mixtures)
        predictor = self.explainer.predictor
        batches = (
            [
                part[mixtures[start : start + SCORING_BATCH, columns], np.arange(len(columns))]
                for part, columns in zip(self.features, self.column_of, strict=True)
            ]
            for start in range(0, len(mixtures), SCORING_BATCH)
        )
        scores = predictor.feature_scores(batches)
        values = [predictor.task.explained(batch, predictor.decoder, self.index) for batch in scores]
        return np.concatenate(values)


def exact(mixtures: Mixtures, row: int, background: int, columns: int) -> FloatArray:
    """The effects by their definition, (columns,), from the mean values of all sets of columns."""
    sets = np.arange(2**columns)
    has = (sets[:, None] >> np.arange(columns)) & 1 == 1
    numbers = np.where(has[:, None, :], row, np.arange(background)[None, :, None])
    means = mixtures.values(numbers.reshape(-1, columns)).reshape(len(sets), background).mean(axis=1)
    sizes = has.sum(axis=1)
    weights = np.array(
        [math.factorial(size) * math.factorial(columns - 1 - size) for size in range(columns)]
    ) / math.factorial(columns)
    effects = np.empty(columns)
    for column in range(columns):
        without = sets[~has[:, column]]
        effects[column] = weights[sizes[without]] @ (means[without + 2**column] - means[without])
    return effects


@dataclass
class Contender:
    """What one way of explaining took, and what it found."""

    seconds: float
    predictions: float
    effects: FloatArray
    """(rows, columns)"""


def measure(model: SavedModel, columns: dict[str, list[Any]], rows: int) -> None:
    """Print a line for each way to explain the first rows by the next hundred."""
    file = InputFile.of_memory(
        rows_data({name: values[: rows + 100] for name, values in columns.items()}), model
    )
    with file.open(model, print, warn=as_notes(print)) as opened:
        (block,) = opened.blocks
    predictor = model.predictor
    background, _ = background_of_rows(predictor, [block.part(slice(rows, rows + 100))], SEED, "rows")
    explainer = Explainer.of(predictor, background, SEED)
    explained_features = predictor.row_features(block, np.arange(rows))
    list(explainer.explained([part[:1] for part in explained_features]))  # the first one takes longer
    started = CLOCK.seconds()
    explained = list(explainer.explained(explained_features))
    seconds = CLOCK.seconds() - started
    effects = np.array([row.effects[0].effects for row in explained])
    errors = np.array([row.effects[0].errors for row in explained])
    count, orders = len(explainer.columns), len(explainer.turns)

    predicted = predictor.task.predicted_indices(
        np.array([row.scores for row in explained]), predictor.decoder
    )
    features = [np.concatenate(parts) for parts in zip(background.features, explained_features, strict=True)]
    order = np.argsort(explainer.turns[0, 0])  # the column of each turn
    mixtures = Mixtures(explainer, features, [order[turns[0]] for turns in explainer.feature_turns])
    truth = np.empty_like(effects)
    for row, index in enumerate(predicted.tolist()):
        mixtures.index = index
        truth[row] = exact(mixtures, orders + row, orders, count)
    of_rows = (row.effects[0] for row in explained)
    deviation = float(np.std([own.base + own.effects.sum() for own in of_rows])) or 1.0

    contenders = {"fnnctl": Contender(seconds / rows, explainer.rows_per_row, effects)}
    for name, rounds in (("shap, 1 order", 1), ("shap, 10 orders", 10)):
        if (found := by_shap(mixtures, predicted, orders, count, rounds)) is not None:
            contenders[name] = found
    for name, contender in contenders.items():
        differences = contender.effects - truth
        rms, largest = np.sqrt(np.mean(differences**2)) / deviation, np.abs(differences / errors).max()
        ratio = f"{largest:8.2f}" if name == "fnnctl" else f"{'':8}"
        print(f"{name:16} {contender.seconds:10.4f} {contender.predictions:12,.0f} {rms:9.5f} {ratio}")


def by_shap(
    mixtures: Mixtures, predicted: IntArray, background: int, columns: int, rounds: int
) -> Contender | None:
    """The effects by shap's permutation explainer; None if the package is not installed."""
    try:
        import shap
    except ImportError:
        return None
    masker = shap.maskers.Independent(
        np.repeat(np.arange(background)[:, None], columns, axis=1), max_samples=background
    )

    def explain(row: int) -> FloatArray:
        explainer = shap.PermutationExplainer(
            lambda numbers: mixtures.values(numbers.astype(np.intp)), masker, seed=SEED
        )
        numbers = np.full((1, columns), background + row)
        values: FloatArray = explainer(numbers, max_evals=rounds * (2 * columns + 1), silent=True).values[0]
        return values

    explain(0)  # compiles
    mixtures.predictions, started, effects = 0, CLOCK.seconds(), []
    for row, index in enumerate(predicted.tolist()):
        mixtures.index = index
        effects.append(explain(row))
    rows = len(predicted)
    return Contender((CLOCK.seconds() - started) / rows, mixtures.predictions / rows, np.array(effects))


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--recipes", nargs="+", default=["default", "classic"])
    arguments = parser.parse_args(words)
    warnings.simplefilter("ignore", fnnctl.FnnctlWarning)
    CLOCK.count_processor_time()
    columns = table(TRAINED_ROWS)
    targets = {"amount": "kind", "kind": "amount"}
    for recipe in arguments.recipes:
        for target, other in targets.items():
            settings = {"recipe": recipe, "data.target": target, "data.columns.ignore": [other], **SETTINGS}
            run = fnnctl.train(settings, columns)
            model = load_model(run.folder, print)
            set_blas_threads(1)
            print(
                f"{f'{recipe}, {target}':16} {'s per row':>10} {'predictions':>12} {'rms':>9} {'largest':>8}"
            )
            measure(
                model,
                {name: values for name, values in columns.items() if name not in targets},
                arguments.rows,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
