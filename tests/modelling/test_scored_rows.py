"""Rows of a file that have a label are scored, and the others are left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.modelling.explanations.background import background_of_model
from fnnctl.modelling.explanations.contributions import Explainer
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.modelling.scored_rows import LabelledRows, explained_block, read_labelled
from fnnctl.store.folder import RunFolder
from tests.program import only_run

COUNT = 2500
"""More rows than a block that is read, and than a batch that is scored."""


@pytest.fixture
def model(trained: Path) -> SavedModel:
    return load_model(RunFolder(only_run(trained)), lambda text: None)


@pytest.fixture
def table(trained: Path) -> tuple[str, list[str]]:
    """The header, and the rows of the penguins repeated."""
    header, *lines = (trained / "penguins.csv").read_text().splitlines()
    return header, (lines * (COUNT // len(lines) + 1))[:COUNT]


def read(
    folder: Path, model: SavedModel, header: str, lines: list[str], note: Callable[[str], None] = pytest.fail
) -> LabelledRows:
    """The rows of a file with these lines."""
    (folder / "new.csv").write_text("\n".join([header, *lines]) + "\n")
    path = str(folder / "new.csv")
    file = InputFile.find(path, model, setting="--data", delimiter=None, encoding=None)
    return read_labelled(file, model, note)


def changed(header: str, line: str, **values: str) -> str:
    row = dict(zip(header.split(","), line.split(","), strict=True)) | values
    return ",".join(row.values())


def test_rows_without_a_label_are_left_out_and_counted(
    model: SavedModel, table: tuple[str, list[str]], tmp_path: Path
) -> None:
    """A whole block of rows has no label. The part is what `predict` says of the rows."""
    header, lines = table
    labelled = [number for number in range(COUNT) if number > 1200 and number % 3]
    chosen, notes = {*labelled}, list[str]()
    written = [
        line if number in chosen else changed(header, line, species="") for number, line in enumerate(lines)
    ]
    every = read(tmp_path, model, header, lines)
    some = read(tmp_path, model, header, written, notes.append)
    assert some.numbers.tolist() == labelled
    assert some.targets.tolist() == every.targets[labelled].tolist()
    scores = np.concatenate(every.scores)
    np.testing.assert_allclose(np.concatenate(some.scores), scores[labelled], rtol=1e-5, atol=1e-6)
    left_out = COUNT - len(labelled)
    assert notes == [f"{tmp_path / 'new.csv'}: left out {left_out:,} rows without a value in 'species'"]
    metrics = every.part(model).metrics()
    predicted, _ = model.predictor.task.predict(scores, model.predictor.decoder)
    species = header.split(",").index("species")
    right = [label == line.split(",")[species] for (label,), line in zip(predicted, lines, strict=True)]
    assert metrics["support"] == COUNT
    assert metrics["accuracy"] == pytest.approx(sum(right) / COUNT, rel=1e-12)


def test_a_label_that_is_unknown_has_its_line(
    model: SavedModel, table: tuple[str, list[str]], tmp_path: Path
) -> None:
    """Unknown labels in the second block; each is reported once, with its first line."""
    header, lines = table
    lines[2000] = lines[2010] = changed(header, lines[2000], species="Emu")
    with pytest.raises(DataError) as caught:
        read(tmp_path, model, header, lines)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(tmp_path / "new.csv"), 2002)
    assert "'Emu'" in problem.message


HUGE = {"bill_length_mm": "1e300", "bill_depth_mm": "-1e308", "body_mass_g": "1e308"}


def test_scores_that_overflow_are_reported_with_the_row_of_the_file(
    model: SavedModel, table: tuple[str, list[str]], tmp_path: Path
) -> None:
    """The row is counted among all rows, not among those with a label."""
    header, lines = table
    lines[:10] = [changed(header, line, species="") for line in lines[:10]]
    lines[2100] = changed(header, lines[2100], **HUGE)
    with pytest.raises(DataError, match="the values of row 2100 "):
        read(tmp_path, model, header, lines, lambda note: None)


def test_rows_whose_scores_overflow_are_not_explained(
    model: SavedModel, table: tuple[str, list[str]], tmp_path: Path
) -> None:
    """Nor is there a warning of NumPy."""
    header, lines = table
    (tmp_path / "new.csv").write_text(
        "\n".join([header, *lines[:3], changed(header, lines[3], **HUGE)]) + "\n"
    )
    explainer = Explainer.of(model.predictor, background_of_model(model, instead=""), model.seed)
    path = str(tmp_path / "new.csv")
    file = InputFile.find(path, model, setting="DATA", delimiter=None, encoding=None)
    with file.open(model, lambda note: None, warn=lambda message: None) as rows:
        (block,) = rows.blocks
        with pytest.raises(DataError, match="the values of row 3 "):
            explained_block(explainer, block, path)
