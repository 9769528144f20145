"""Excel's files and Parquet give the results of a plain CSV file, wherever a table is read."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.tables import penguins, table_of, train, write_table
from tests.program import Program, read_json, standard_input

KEPT = 60
"""Few rows are enough."""


def excel(path: Path, *, delimiter: str, encoding: str, first: str = "") -> bytes:
    """A CSV file in another form."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    text = io.StringIO(first, newline="")
    text.seek(0, io.SEEK_END)
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


FORMS: dict[str, Callable[[Path], bytes]] = {
    "sep": lambda path: excel(path, delimiter=";", encoding="utf-8-sig", first="sep=;\r\n"),
    "rare sep": lambda path: excel(path, delimiter="^", encoding="utf-8", first='"SEP=^"\r\n'),
    "unicode text": lambda path: excel(path, delimiter="\t", encoding="utf-16"),
    "packed": lambda path: gzip.compress(excel(path, delimiter=";", encoding="utf-16", first="sep=;\r\n")),
}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    names, rows = penguins()
    rows = [row | {"island": f"Île {row['island']}"} for row in rows[:: len(rows) // KEPT]]
    return write_table(tmp_path / "plain.csv", names, rows)


def scored(program: Program, run: Path, data: Path) -> Any:
    done = program("evaluate", str(run), "--data", str(data), "--json")
    assert done.code == 0, done.err
    return done.json["metrics"]


@pytest.mark.parametrize("form", FORMS)
def test_files_of_excel_are_read_everywhere(program: Program, plain: Path, form: str) -> None:
    given = plain.with_name("excel.csv")
    given.write_bytes(FORMS[form](plain))
    run = train(program, plain, {"data.test_source": plain.name})
    other = train(program, given, {"data.test_source": given.name})
    assert read_json(run / "metrics.json") == read_json(other / "metrics.json")
    predicted = program("predict", str(run), str(plain)).out
    assert program("predict", str(run), str(given)).out == predicted
    assert scored(program, run, given) == scored(program, run, plain)


def test_standard_input_is_recognized_too(program: Program, plain: Path) -> None:
    run = train(program, plain, {})
    predicted = program("predict", str(run), str(plain)).out
    for form in ("unicode text", "packed"):
        with standard_input(FORMS[form](plain)):
            done = program("predict", str(run), "-")
        assert (done.code, done.err) == (0, "")
        assert done.out == predicted


@pytest.mark.extra
class TestParquet:
    @pytest.fixture(autouse=True)
    def _libraries(self) -> None:
        self.arrow = pytest.importorskip("pyarrow")
        self.parquet = pytest.importorskip("pyarrow.parquet")

    def stored(self, plain: Path, **more: Any) -> Path:
        """The table with typed columns and nulls, and `more` columns."""
        names, rows = table_of(plain.read_text())[0].keys(), table_of(plain.read_text())
        columns: dict[str, Any] = {}
        for name in names:
            texts = [None if row[name] in ("NA", "") else row[name] for row in rows]
            numeric = name.endswith(("mm", "_g")) or name == "year"
            columns[name] = [text if text is None or not numeric else float(text) for text in texts]
        columns["island"] = self.arrow.array(columns["island"]).dictionary_encode()
        path = plain.with_name("stored.parquet")
        self.parquet.write_table(self.arrow.table(columns | more), path, row_group_size=7)
        return path

    def test_it_is_read_everywhere_as_the_same_table(self, program: Program, plain: Path) -> None:
        stored = self.stored(plain)
        run = train(program, plain, {"data.test_source": plain.name})
        other = train(program, stored, {"data.test_source": stored.name})
        assert read_json(run / "metrics.json") == read_json(other / "metrics.json")
        predicted = program("predict", str(run), str(plain)).out
        for each, data in ((run, stored), (other, stored)):
            assert program("predict", str(each), str(data)).out == predicted
        assert scored(program, run, stored) == scored(program, run, plain)
        assert read_json(other / "manifest.json")["name"] == "stored"
