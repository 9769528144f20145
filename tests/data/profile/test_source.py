from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.errors import DataError, UsageError


def options(folder: Path, source: str = "table.csv", **others: str) -> SourceOptions:
    return SourceOptions(source=source, folder=folder, **others)


def test_every_column_is_read_and_the_target_keeps_its_texts(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b,y\n1,x,1.0\n,x,2.0\n3,,1\n")
    source = read_source(options(tmp_path, target="y"))
    assert {name: reading.kind for name, reading in source.readings.items()} == {
        "a": "numeric", "b": "categorical", "y": "numeric",
    }  # fmt: skip
    assert {name: reading.missing for name, reading in source.readings.items()} == {"a": 1, "b": 1, "y": 0}
    assert source.table.categorical["y"].texts == ("1.0", "2.0", "1")
    assert (source.file, source.target_name, source.arrays) == ("table.csv", "y", False)
    assert read_source(options(tmp_path)).target is None


def test_built_in_data_and_arrays_know_their_target(tmp_path: Path) -> None:
    iris = read_source(options(tmp_path, "iris"))
    assert (iris.target_name, iris.path, iris.table.rows) == ("species", None, 150)
    np.savez(tmp_path / "a.npz", X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]))
    arrays = read_source(options(tmp_path, "a.npz"))
    assert (arrays.target_name, arrays.arrays, list(arrays.readings)) == ("y", True, ["x0", "x1", "y"])


def test_a_misspelt_target_gets_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("height,harvest\n1,good\n2,poor\n")
    with pytest.raises(UsageError, match=r"no column 'harvset' in table.csv \(did you mean 'harvest'\?\)"):
        read_source(options(tmp_path, target="harvset"))
    with pytest.raises(UsageError, match="its columns are 'height', 'harvest'"):
        read_source(options(tmp_path, target="zzzzzz"))


def test_advice_names_options(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes("größe,y\n1,a\n".encode("cp1252"))
    with pytest.raises(DataError, match="set --encoding to") as caught:
        read_source(options(tmp_path))
    assert "data.encoding" not in str(caught.value)
    assert list(read_source(options(tmp_path, encoding="cp1252")).readings) == ["größe", "y"]


def test_advice_about_settings_says_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,y\n1,a\n1_000,b\n")
    with pytest.raises(
        DataError, match=r"data\.missing_values \(settings of an experiment; `fnnctl init` with"
    ):
        read_source(options(tmp_path))
    (tmp_path / "table.csv").write_text("a,a\n1,a\n")
    with pytest.raises(DataError, match=r"rename one$"):
        read_source(options(tmp_path))


def test_options_of_tables_are_refused_for_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]))
    for other in ({"delimiter": ";"}, {"encoding": "cp1252"}, {"target": "x0"}):
        with pytest.raises(UsageError, match="contains arrays"):
            read_source(options(tmp_path, "a.npz", **other))
    assert read_source(options(tmp_path, "a.npz", target="y")).target_name == "y"


def test_a_missing_file_is_named_without_a_setting(tmp_path: Path) -> None:
    (tmp_path / "trees.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError) as caught:
        read_source(options(tmp_path, "tree.csv"))
    assert caught.value.message.startswith("there is no file 'tree.csv'")
    assert "did you mean 'trees.csv'?" in caught.value.message
