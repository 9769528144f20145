"""Every sentence about a wrong table, or settings that do not fit one: a rewording touches this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.data.conftest import Refuse

CORRECT = "Correct it, or add the column to data.columns.categorical or the value to data.missing_values"
TABLE = "a,colour,y\n1,red,p\n,blue,q\n3,,p\n"
SPECIES = "age,sex,species\n1,m,p\n2,f,q\n"
TEXTS = "a,t,y\n" + "".join(f"{n % 7},text {n},{'pq'[n % 2]}\n" for n in range(30))

WRONG: list[tuple[Any, ...]] = [
    # the form of the file
    ("", {}, "table.csv: the file is empty"),
    ("\n \n", {}, "table.csv: the file is empty"),
    ("sep=;\n", {}, "table.csv: the file is empty"),
    ("a,y\n", {}, "table.csv: the file has a header but no rows"),
    ("a,b,y\n1,2\n3,4,p\n6,7,8,9\n", {},
     "table.csv:2: the row has 2 values, but the header has 3 names",
     "table.csv:4: the row has 4 values, but the header has 3 names"),
    ("a,,a,b,y, \n1,2,3,4,p,5\n", {},
     "table.csv:1: column 2 has no name in the header: give it one, or remove the column",
     "table.csv:1: columns 1 and 3 have the same name 'a': rename one",
     "table.csv:2: '5' is in column 6, which has no name in the header: give it one, or remove the column"),
    ("1,2.5\n3,4\n", {},
     "data.target: there is no column 'y' in table.csv; its columns are '1', '2.5'. Its first line must "
     "name the columns",
     "table.csv:1: the first line must name the columns, but it has only numbers"),
    ("sep=,\na,a,y\n1,2,p\n", {}, "table.csv:2: columns 1 and 2 have the same name 'a': rename one"),
    ("sep=;\na;y\n1;2;p\n3;q\n", {}, "table.csv:3: the row has 3 values, but the header has 2 names"),
    ("a,y,\n1,p,\n3,q,x\n5,p,z\n", {},
     "table.csv:3: 'x' is in column 3, which has no name in the header: give it one, or remove the column"),
    ("a,y\n1,p,\n3,q,\n", {},
     "table.csv:2: the rows have 3 values, but the header has 2 names: each row ends with a delimiter; end "
     "the header with one, too"),
    ("Sales\n\na,y\n1,p\n", {},
     "data.target: there is no column 'y' in table.csv; its only column is 'Sales': is data.delimiter "
     "right?",
     "table.csv:3: the rows have 2 values, but the header has 1 name: if the header stands further down, "
     "remove the lines before it"),
    ("a,b,y\n1,p\n3,q\n", {},
     "table.csv:2: the rows have 2 values, but the header has 3 names: name as many columns as there are"),
    ('a,y\n1,p\n3,"q\n5,p\n', {},
     "table.csv:3: a quote is opened in this row and not closed before the end of the file"),
    ('a,y\n1,p\n3,"q\n5,p"x\n', {},
     "table.csv:3: a quote is not closed in this row, or not doubled inside quotes: text follows a closing "
     "quote"),
    ("a,y\n1,p\n" + "x" * 131_073 + ",q\n", {},
     "table.csv:3: a value is longer than 131,072 characters: is a closing quote missing?"),
    ("a,y\n1,p\n3,\x00\n", {},
     "table.csv:3: a NUL byte: this is not a CSV file, or it is UTF-16 (then set data.encoding to "
     "utf-16-le)"),
    (b'a,y\r1,p\rZ\xfcrich,q\r', {},
     "table.csv:3: the byte 0xfc is not utf-8: set data.encoding to cp1252 if the text is 'Zürich', else "
     "to the encoding the file was saved in"),
    (b'a,y\n1,p\n2,\x81\n', {},
     "table.csv:3: the byte 0x81 is not utf-8: set data.encoding to the encoding the file was saved in"),
    (b"a,y\n" + b"1,p\n" * 5000 + b"\xed\xa0\x80,q\n", {},
     "table.csv:5002: the byte 0xed is not utf-8: set data.encoding to cp1252 if the text is 'í', else to "
     "the encoding the file was saved in"),
    ("a,y\n1,p\n".encode("utf-16-be"), {},
     "table.csv:1: a NUL byte: this is not a CSV file, or it is UTF-16 (then set data.encoding to "
     "utf-16-le)"),
    ("a,y\n1,p\n".encode("utf-16-be"), {"encoding": "utf-16"},
     "table.csv:1: the file is not utf-16 (UTF-16 stream does not start with BOM): set data.encoding"),
    ("a,y\n1,p\n".encode("utf-16") + b"\x00\xdc", {},
     "table.csv:3: the byte 0x00 is not utf-16: set data.encoding to the encoding the file was saved in"),
    ("a,y\n1,p\n".encode("utf-16"), {"encoding": "cp1252"},
     "table.csv: the file is UTF-16, not cp1252: set data.encoding to utf-16"),
    ("a,y\n1,p\n", {"encoding": "utf8000"},
     "data.encoding: 'utf8000' is not an encoding (did you mean 'utf-8'?)"),
    # the values of columns
    ("a,y\n1,p\n2,q\nx,p\n4,q\n", {},
     f"table.csv:4: column 'a': 'x' is not a number (3 of the column's 4 values are numbers). {CORRECT}"),
    ("a,y\n1,p\n2,q\n1_000,p\n4,q\n", {},
     "table.csv:4: column 'a': '1_000' has an underscore: write 1000 (3 of the column's 4 values are "
     f"numbers). {CORRECT}"),
    ("a,y\n1,p\n2,q\ninf,p\n4,q\n", {},
     "table.csv:4: column 'a': 'inf' is not a finite number (3 of the column's 4 values are numbers). "
     f"{CORRECT}"),
    ("a,y\n1,p\n2,q\n١٢,p\n4,q\n", {},
     "table.csv:4: column 'a': '١٢' has digits other than 0 to 9 (3 of the column's 4 values are numbers). "
     f"{CORRECT}"),
    ('a,y\n1,p\n2,q\n"1,2,3",p\n4,q\n', {},
     f"table.csv:4: column 'a': '1,2,3' is not a number (3 of the column's 4 values are numbers). {CORRECT}"),
    ('a,y\n"1,5",p\n2.5,q\n3.5,p\n', {},
     "table.csv:2: column 'a': '1,5' has another decimal mark than most other values (2 of the column's 3 "
     f"values are numbers). {CORRECT}; data.decimal_mark says which mark is decimal"),
    ("a,y\n1.5,p\n5,q\n6,p\n", {"decimal_mark": "comma"},
     "table.csv:2: column 'a': '1.5' has another decimal mark than most other values (2 of the column's 3 "
     f"values are numbers). {CORRECT}; data.decimal_mark says which mark is decimal"),
    ("a,y\n2024-01-01,p\n2024-01-02,q\nsoon,p\n", {},
     f"table.csv:4: column 'a': 'soon' is not a date (2 of the column's 3 values are dates). {CORRECT}"),
    ("a,y\n5%,p\n0.5,q\n", {},
     "table.csv:3: column 'a': '5%' is a percentage and '0.5' is none: write all in one way, or add the "
     "column to data.columns.categorical"),
    ("a,y\n$5,p\n€5,q\n", {},
     "table.csv:3: column 'a': '€5' is in EUR, but other values are in USD: write all in one currency, or "
     "add the column to data.columns.categorical"),
    ("a,y\n1,p\nx,q\ny,p\n", {"columns": {"numeric": ["a"]}},
     f"table.csv:3: column 'a': 'x' is not a number (1 of the column's 3 values are numbers). {CORRECT}"),
    ("a,y\n20240131,p\n1.5,q\n", {"columns": {"dates": ["a"]}},
     f"table.csv:3: column 'a': '1.5' is not a date (1 of the column's 2 values are dates). {CORRECT}"),
    ("d,y\n3/4/2024,p\n5/6/2024,q\n", {"columns": {"dates": {"d": "%Y-%m-%d"}}},
     "table.csv:2: column 'd': '3/4/2024' is no date of the pattern '%Y-%m-%d' (0 of the column's 2 values "
     "are dates). Correct it, or the pattern in data.columns.dates, or add the value to data.missing_values"),
    ("a,b,y\n1,2,p\n3,\x1b[0m,q\nx,4,p\n5\n7,8,q\n", {},
     "table.csv:5: the row has 1 value, but the header has 3 names",
     f"table.csv:4: column 'a': 'x' is not a number (3 of the column's 4 values are numbers). {CORRECT}",
     "table.csv:3: column 'b': '\\x1b[0m' is not a number (3 of the column's 4 values are numbers). "
     f"{CORRECT}"),
    ("d,d days,y\n2024-01-02,3,p\n2024-01-03,4,q\n", {},
     "table.csv:1: the column 'd' becomes 'd days' and others, but it exists already: rename one"),
    ("a,y\n1,\n2,\n", {}, "table.csv: the target 'y' has no value in any row"),
    ("y\np\nq\n", {}, "table.csv: there is no column besides the target 'y': is data.delimiter right?"),
    ("a,y\n,p\n,q\n", {}, "table.csv: no column besides the target 'y' has a value in any row"),
    ("a,y\n1,p\n2,q\n", {"columns": {"ignore": ["a"]}},
     "table.csv: there is no column besides the target 'y': does data.columns.ignore name all others?"),
    (TEXTS, {"columns": {"ignore": ["a"]}},
     "table.csv: there is no column besides the target 'y' but texts that are nearly all different: 't' "
     "(data.columns.categorical keeps a column)"),
    # weights, groups and the order of rows
    ('a,w,y\n1,,\n"1\n2",2,p\n2,,q\n', {"weights": "w", "columns": {"categorical": ["a"]}},
     "table.csv:5: the column 'w', which data.weights names, has 1 row without a value: fill in 1, or "
     "leave the rows out"),
    ("a,w,y\n1,2,p\n2,-3,q\n", {"weights": "w"},
     "table.csv:3: the column 'w', which data.weights names, has a negative number, -3: weights must be 0 "
     "or more"),
    ("a,w,y\n1,2,p\n2,much,q\n", {"weights": "w"},
     "table.csv:3: column 'w': 'much' is not a number (1 of the column's 2 values are numbers). The column "
     "of data.weights needs a number in every row"),
    ("a,w,y\n1,2,p\n2,inf,q\n", {"weights": "w"},
     "table.csv:3: column 'w': 'inf' is not a finite number (1 of the column's 2 values are numbers). The "
     "column of data.weights needs a number in every row"),
    ("a,w,y\n1,0,p\n2,0,q\n", {"weights": "w"},
     "table.csv: the column 'w', which data.weights names, has only zeros: at least one weight must be "
     "above 0"),
    ("a,w,y\n1,1e308,p\n2,1e308,q\n", {"weights": "w"},
     "table.csv:2: the column 'w', which data.weights names, has numbers up to 1e+308, whose sum is "
     "infinite: divide all by 1e300"),
    ("a,g,y\n1,u,p\n2,,q\n3,,q\n", {"split": {"group": "g"}},
     "table.csv: the column 'g', which data.split.group names, has 2 rows without a value: fill in their "
     "groups"),
    ("day,a,y\n3,1,p\n1,2,q\n,0,p\n", {"split": {"by": "day"}},
     "table.csv: the column 'day', which data.split.by names, has 1 row without a value: fill them in, or "
     "leave the rows out"),
    ("day,a,y\n3,1,p\n1,2,q\n,0,p\n", {"split": {"by": "day"}, "columns": {"ignore": ["day"]}},
     "table.csv: the column 'day', which data.split.by names, has 1 row without a value: fill them in, or "
     "leave the rows out"),
    ("day,a,y\nmay,1,p\njune,2,q\n", {"split": {"by": "day"}},
     "data.split.by: the column 'day' has neither numbers nor dates: name another column"),
    ("day,a,y\nmay,1,p\njune,2,q\n", {"split": {"by": "day"}, "columns": {"ignore": ["day"]}},
     "data.split.by: the column 'day' has neither numbers nor dates: name another column"),
    ("day,a,y\n3,1,p\n1,2,q\n", {"split": {"by": "day"}, "columns": {"categorical": ["day"]}},
     "data.split.by: the column 'day' has neither numbers nor dates: name another column"),
    # settings that name columns
    (SPECIES, {"target": None},
     "data.target: name the target column; the columns of table.csv are age, sex, species"),
    (SPECIES, {"target": "Specie"},
     "data.target: there is no column 'Specie' in table.csv (did you mean 'species'?)"),
    (SPECIES, {"target": "label"},
     "data.target: there is no column 'label' in table.csv; its columns are 'age', 'sex', 'species'"),
    ("5.1,3.5,setosa\n4.9,3.0,setosa\n", {"target": "label"},
     "data.target: there is no column 'label' in table.csv; its columns are '5.1', '3.5', 'setosa'. Its "
     "first line must name the columns"),
    ("age|sex|label\n1|m|p\n", {"target": "label", "delimiter": ";"},
     "data.target: there is no column 'label' in table.csv; its only column is 'age|sex|label': is "
     "data.delimiter right?"),
    ("a\x1b[0m,y\n1,p\n", {"target": None},
     "data.target: name the target column; the columns of table.csv are a\\x1b[0m, y"),
    (SPECIES, {"target": "species", "columns": {"numeric": ["agee", "sex"], "ignore": ["sex", "species"]}},
     "data.columns.numeric: there is no column 'agee' in table.csv (did you mean 'age'?)",
     "data.columns: 'sex' is in numeric and in ignore: remove it from one",
     "data.columns.ignore: 'species' is the target, whose kind data.task decides: remove it here"),
    (SPECIES, {"target": "species", "weights": "agee"},
     "data.weights: there is no column 'agee' in table.csv (did you mean 'age'?)"),
    (SPECIES, {"target": "species", "weights": "species"},
     "data.weights: 'species' is the target: name another column"),
    (SPECIES, {"target": "species", "weights": "age", "columns": {"numeric": ["age"]}},
     "data.columns.numeric: 'age' is data.weights, which is always read as numbers: remove it here"),
    (SPECIES, {"target": "species", "split": {"group": "aeg"}},
     "data.split.group: there is no column 'aeg' in table.csv (did you mean 'age'?)"),
    (SPECIES, {"target": "species", "split": {"group": "age"}, "columns": {"numeric": ["age"]}},
     "data.columns.numeric: 'age' is data.split.group, which is not a feature: remove it here"),
    (SPECIES, {"target": "species", "split": {"by": "species"}},
     "data.split.by: 'species' is the target: name another column"),
    (SPECIES, {"target": "species", "split": {"by": "aeg"}},
     "data.split.by: there is no column 'aeg' in table.csv (did you mean 'age'?)"),
    (SPECIES, {"target": "species", "weights": "age", "split": {"by": "age"}},
     "data.split.by: 'age' is data.weights: name another column"),
    (SPECIES, {"target": "species", "columns": {"dates": {"age": "%d/%m"}}},
     "data.columns.dates: 'age': '%d/%m' needs a year, a month and a day, such as %d/%m/%Y",
     f"table.csv:2: column 'age': '1' is not a date (0 of the column's 2 values are dates). {CORRECT}"),
    (SPECIES, {"target": "species", "columns": {"dates": ["e"]}},
     "data.columns.dates: there is no column 'e' in table.csv; its columns are 'age', 'sex', 'species'"),
    (SPECIES, {"target": "species", "columns": {"dates": ["age"], "ignore": ["age"]}},
     "data.columns: 'age' is in dates and in ignore: remove it from one"),
    ("a,b,label\n1,2,p\n3\n5,x,q\n7,8,p\n", {"target": "lable", "columns": {"ignore": ["d"]}},
     "data.target: there is no column 'lable' in table.csv (did you mean 'label'?)",
     "data.columns.ignore: there is no column 'd' in table.csv; its columns are 'a', 'b', 'label'",
     "table.csv:3: the row has 1 value, but the header has 3 names",
     f"table.csv:4: column 'b': 'x' is not a number (2 of the column's 3 values are numbers). {CORRECT}"),
    (TABLE, {"sha256": "0" * 64},
     "data.sha256: table.csv has changed: its SHA-256 is now "
     "677af3de8deda51108bee89f3c81d0b56dec03ac3b7fbd58fe6eefb0bc6be940 (if this is intended, update or "
     "remove this setting)"),
    ("", {"source": "penguins", "target": "specie"},
     "data.target: there is no column 'specie' in penguins (did you mean 'species'?)"),
    # a test file
    (TABLE, {"test": "a,Color,y\n7,red,q\n"},
     "test.csv:1: the column 'colour' of the training data is missing (did you mean 'Color'?)"),
    (TABLE, {"test": "a,colour,y\nred,7,q\n"},
     f"test.csv:2: column 'a': 'red' is not a number (0 of the column's 1 values are numbers). {CORRECT}"),
    (TABLE, {"test": "a,colour,y\n1,red,\n"}, "test.csv: no row has a value in the target 'y'"),
    (TABLE, {"test": "a,colour,y\n1,red,p\n", "test_sha256": "0" * 64},
     "data.test_sha256: test.csv has changed: its SHA-256 is now "
     "9ac8d83638b47b81feecef6fe857f348bf43beeceabc5e257e62e3c02dfad8ca (if this is intended, update or "
     "remove this setting)"),
    (TABLE, {"test_source": "tests.csv"}, "data.test_source: there is no file 'tests.csv'"),
    ('d,p,y\n3/4/2024,"1,5",u\n13/4/2024,2,v\n', {"test": "y,x,d\nu,1,soon\n"},
     "test.csv:2: column 'd': 'soon' is not a date as in the training data",
     "test.csv: the column 'p' of the training data is missing"),
    ('d,p,y\n3/4/2024,"1,5",u\n13/4/2024,2,v\n', {"test": "y,p,d\nu,x,5/4/2024\nu,1,soon\n"},
     "test.csv:3: column 'd': 'soon' is not a date as in the training data",
     "test.csv:2: column 'p': 'x' is not a number with a decimal comma"),
    ("p,y\n1%,0\n2%,1\n", {"test": "y,p\n0,50\n"},
     "test.csv:2: column 'p': '50' has no percent sign and would be 5,000 %: write 50% or a fraction"),
    ("a,y\n1,5%\n2,7%\n", {"test": "a,y\n1,50\n"},
     "test.csv:2: column 'y': '50' has no percent sign and would be 5,000 %: write 50% or a fraction"),
]  # fmt: skip
"""The content of a table, the settings of `data` (`test`: the content of a test file), and the sentences."""


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_is_refused_with_these_sentences(
    refuse: Refuse, tmp_path: Path, case: tuple[Any, ...]
) -> None:
    content, settings, *sentences = case
    if "test" in settings:
        (tmp_path / "test.csv").write_text(settings["test"])
        settings = {key: value for key, value in settings.items() if key != "test"}
        settings["test_source"] = "test.csv"
    messages = "\n".join(map(str, refuse(content, **settings)))
    assert messages.replace(f"{tmp_path}/", "").replace(f" in {tmp_path}", "").split("\n") == sentences
