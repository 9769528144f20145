"""Tables with fixed parts: what is written, and that the other benchmarks train and test on these parts."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.large_tables import RARE, Source, main, without_rare, write_table
from tests.benchmarks.recipe.tables import (
    TEST,
    TRAIN,
    Table,
    find_tables,
    fixed_folds,
    inner_folds,
    outer_folds,
    read_table,
)
from tests.benchmarks.recipe.training import resolved, train_and_score
from tests.benchmarks.search_without_space.contenders import write_fold

pytestmark = pytest.mark.extra
ROWS = 120
SHORT = ("recipe=classic", "training.epochs=2", "model.hidden=[4]")


@pytest.fixture(scope="module")
def rows() -> Any:
    """Accidents of three persons; the target has so few whole numbers that they look like classes."""
    frames = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    columns = {"accident": np.arange(ROWS) // 3, "y": np.arange(ROWS) % 4, "x": rng.normal(size=ROWS)}
    return frames.DataFrame(columns)


@pytest.fixture(scope="module")
def folder(rows: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_table(Source(rows.copy, "regression", "develop", group="accident"), folder / "accidents")
    return folder


@pytest.fixture(scope="module")
def table(folder: Path) -> Table:
    return read_table(folder / "accidents")


def read(path: Path) -> list[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_quarter_of_the_groups_is_tested(rows: Any, folder: Path) -> None:
    train, test = (read(folder / "accidents" / name) for name in (TRAIN, TEST))
    assert train[0] == test[0] == ["x", "y"]
    accidents = {f"{row.x}": row.accident for row in rows.itertuples()}
    tested, trained = ({accidents[x] for x, _ in part[1:]} for part in (test, train))
    assert len(test) - 1 == 3 * len(tested) == ROWS // 4
    assert len(train) - 1 == 3 * len(trained) == ROWS - ROWS // 4
    assert not tested & trained


def test_the_parts_are_the_same_every_time(rows: Any, folder: Path, tmp_path: Path) -> None:
    write_table(Source(rows.copy, "regression", "develop", group="accident"), tmp_path)
    for name in (TRAIN, TEST):
        assert (tmp_path / name).read_bytes() == (folder / "accidents" / name).read_bytes()


def test_published_parts_stay(rows: Any, tmp_path: Path) -> None:
    parts = rows[:50], rows[50:]
    assert write_table(Source(lambda: parts, "classification", "develop"), tmp_path) == (50, ROWS - 50)
    assert len(read(tmp_path / TRAIN)) == 51


def test_a_large_table_is_cut(rows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.large_tables.MAX_ROWS", 40)
    assert write_table(Source(rows.copy, "classification", "develop"), tmp_path) == (30, 10)


def test_rare_classes_become_one() -> None:
    frames = pytest.importorskip("pandas")
    classes = frames.Series(["a"] * RARE + ["b"] * (RARE - 1) + ["c"])
    assert without_rare(classes).value_counts().to_dict() == {"a": RARE, "other": RARE}


def test_an_unknown_table_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--packages", str(tmp_path), "--only", "adult,letters"])
    assert "no table letters; there are adult, census" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_is_a_table_with_one_fold(folder: Path, table: Table) -> None:
    assert [path.name for path in find_tables(folder)] == ["accidents"]
    assert table.name == "accidents"
    assert not table.is_classification
    (fold,) = fixed_folds(table.data, validation=0.2, seed=0)
    split = fold.split(table.data.strata, None)
    assert split.test.tolist() == outer_folds(table.data).test_rows(0, 0).tolist() == list(range(90, 120))
    assert len(split.train) + len(split.validation) == 90
    tested = [int(y) for _, y in read(folder / "accidents" / TEST)[1:]]
    assert table.data.targets[split.test].tolist() == tested


def test_inner_folds_are_within_the_training_part(table: Table) -> None:
    (fold,) = inner_folds(table.data, validation=0.2, seed=0)
    split = fold.split(table.data.strata, None)
    used = np.concatenate([split.train, split.validation, split.test])
    assert sorted(used.tolist()) == list(range(90))


def test_the_training_part_is_trained_on_and_the_test_part_scored(table: Table) -> None:
    config = resolved(table, SHORT, ())
    assert config is not None
    assert Path(config["data"]["test_source"]).name == TEST
    scored = train_and_score(table, config, fixed_folds(table.data, validation=0.15, seed=0))
    assert len(scored.scores) == 1
    assert not scored.diverged


def test_commands_get_the_files_of_the_parts(folder: Path, table: Table, tmp_path: Path) -> None:
    files = write_fold(table, 0, tmp_path)
    for name, part in (("train.csv", TRAIN), ("test.csv", TEST)):
        assert (tmp_path / name).read_bytes() == gzip.decompress((folder / "accidents" / part).read_bytes())
    assert files.rows == 90
    assert len(files.targets) == 30
