from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fnnctl.commands.evaluation import score_parts
from fnnctl.commands.preparation import Prepared, prepare
from fnnctl.nn.losses import cross_entropy, softmax
from fnnctl.training.members import network_of
from fnnctl.training.memory import training_bytes
from fnnctl.training.scoring import Scorer

CLASSES, ROWS = 300, 3000


@pytest.fixture
def many_classes(tmp_path: Path) -> Prepared:
    """An experiment on ten rows of each of 300 classes, of two numbers each."""
    numbers = np.random.default_rng(0).normal(size=(ROWS, 2)).tolist()
    rows = [f"{x},{z},{row % CLASSES}\n" for row, (x, z) in enumerate(numbers)]
    (tmp_path / "data.csv").write_text("x,z,y\n" + "".join(rows))
    config = tmp_path / "fnnctl.yaml"
    config.write_text("data: {source: data.csv, target: y}\nmodel: {hidden: [8]}\n")
    return prepare(config, [], name=None, seed=1)


def test_parts_are_scored_as_all_rows_at_once_are(many_classes: Prepared) -> None:
    examples = many_classes.examples()
    parameters = np.random.default_rng(1).normal(size=many_classes.layout.size).astype(np.float32)
    train = score_parts(many_classes, examples, parameters)["train"]
    rows = many_classes.split.train
    network = network_of(many_classes.layout, [many_classes.member], parameters[None])
    scores = Scorer(network, examples).scores(rows[None])[0]
    assert train is not None
    assert len(rows) > 1024
    np.testing.assert_array_equal(train.probabilities, softmax(scores))
    assert train.loss == np.mean(cross_entropy(scores, examples.labels[rows]))
    np.testing.assert_array_equal(train.labels, many_classes.dataset.labels[rows])


def test_scoring_takes_the_memory_that_was_asked_for(many_classes: Prepared) -> None:
    parameters = np.random.default_rng(1).normal(size=many_classes.layout.size).astype(np.float32)
    classes = many_classes.dataset.classes
    tracemalloc.start()
    parts = score_parts(many_classes, many_classes.examples(), parameters)
    for part in parts.values():
        assert part is not None
        part.metrics(part.ranked(), classes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    estimate = training_bytes(many_classes.settings, rows=ROWS)
    assert estimate > ROWS * CLASSES * 18
    assert 0.7 * estimate < peak < 1.05 * estimate
