"""Whatever `init` writes, `check` accepts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fnnctl.commands.check import check
from fnnctl.commands.init import init_table
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.data.profile.source import SourceOptions
from fnnctl.errors import InputError
from tests.messy import text_of
from tests.program import Program
from tests.random_tables import random_table

ROWS = 40
SILENT = Context()


@given(st.integers(0, 2**32))
@example(43)  # a control character among numbers
@example(1)  # targets beyond ±1e150
@example(40)  # targets that are nearly equal
def test_check_accepts_what_init_writes(seed: int) -> None:
    text, target = random_table(np.random.default_rng(seed))
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "table.csv").write_bytes(text.encode())
        config = folder / "table.yaml"
        options = SourceOptions(source=str(folder / "table.csv"), folder=folder, targets=(target,))
        try:
            init_table(options, config, SILENT, Output(quiet=True))
        except InputError:
            assert not config.exists()
        else:
            assert check([config], [], SILENT).problems == []


def write(path: Path, header: list[str], columns: list[list[object]], delimiter: str = ",") -> None:
    path.write_text(text_of(header, zip(*columns, strict=True), delimiter=delimiter), encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["1e200", "-3"], "'1e200' is beyond ±1e+150; use a larger unit"),
        (["$1" + "0" * 160, "$2.50"], "is beyond ±1e+150; use a larger unit"),
        (["0.0", "1e-160"], "differ by 2.1e-159: use a smaller unit"),
    ],
)
def test_targets_that_cannot_be_trained_on_are_refused(
    program: Program, tmp_path: Path, values: list[str], why: str
) -> None:
    one, other = values
    targets = [other, one, *(f"{number}{other[1:]}" for number in range(1, 22))]
    write(tmp_path / "t.csv", ["a", "y"], [[*range(23)], [*targets]])
    done = program("init", "--data", "t.csv", "--target", "y")
    assert done.code == 2
    assert why in done.err
    assert not (tmp_path / "fnnctl.yaml").exists()


def test_a_column_with_a_marker_that_no_config_can_declare_is_categorical(
    program: Program, tmp_path: Path
) -> None:
    write(tmp_path / "t.csv", ["a", "y"], [[*range(ROWS - 1), "x\x07"], ["p", "q"] * (ROWS // 2)])
    done = program("init", "--data", "t.csv", "--target", "y")
    assert done.code == 0
    assert "'a' is read as categories: 'x\\x07' is not a number" in done.err
    assert program("check").code == 0


def test_a_delimiter_that_no_config_can_contain_is_refused(program: Program, tmp_path: Path) -> None:
    write(tmp_path / "t.csv", ["a", "y"], [[*range(ROWS)], ["p", "q"] * (ROWS // 2)], "\x01")
    done = program("init", "--data", "t.csv", "--target", "y", "--delimiter", "\x01")
    assert (done.code, done.err) == (
        2, "a config cannot contain the delimiter '\\x01': write the table with another\n"
    )  # fmt: skip
