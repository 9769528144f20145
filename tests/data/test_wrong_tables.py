"""Every sentence about a wrong table, or settings that do not fit one: `messages.txt` has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.data.conftest import Refuse
from tests.messages import Messages

TABLE = "a,colour,y\n1,red,p\n,blue,q\n3,,p\n"
SPECIES = "age,sex,species\n1,m,p\n2,f,q\n"
DAYS = "day,a,y\n3,1,p\n1,2,q\n,0,p\n"
MONTHS = "day,a,y\nmay,1,p\njune,2,q\n"
DATES = 'd,p,y\n3/4/2024,"1,5",u\n13/4/2024,2,v\n'
TEXTS = "a,t,y\n" + "".join(f"{n % 7},text {n},{'pq'[n % 2]}\n" for n in range(30))
UTF_16 = "a,y\n1,p\n".encode("utf-16")
NO_MARK = "a,y\n1,p\n".encode("utf-16-be")

FORMS: dict[str, str | bytes] = {
    "nothing": "",
    "blank lines": "\n \n",
    "a delimiter alone": "sep=;\n",
    "a header alone": "a,y\n",
    "ragged rows": "a,b,y\n1,2\n3,4,p\n6,7,8,9\n",
    "names that are missing or twice": "a,,a,b,y, \n1,2,3,4,p,5\n",
    "no header": "1,2.5\n3,4\n",
    "a name twice after the delimiter": "sep=,\na,a,y\n1,2,p\n",
    "a ragged row after the delimiter": "sep=;\na;y\n1;2;p\n3;q\n",
    "a value without a name": "a,y,\n1,p,\n3,q,x\n5,p,z\n",
    "a delimiter at the end of the rows": "a,y\n1,p,\n3,q,\n",
    "a title before the header": "Sales\n\na,y\n1,p\n",
    "fewer values than names": "a,b,y\n1,p\n3,q\n",
    "an open quote": 'a,y\n1,p\n3,"q\n5,p\n',
    "a quote that is not doubled": 'a,y\n1,p\n3,"q\n5,p"x\n',
    "a long value": "a,y\n1,p\n" + "x" * 131_073 + ",q\n",
    "a NUL byte": "a,y\n1,p\n3,\x00\n",
    "another encoding": b"a,y\r1,p\rZ\xfcrich,q\r",
    "another encoding after many rows": b"a,y\n" + b"1,p\n" * 5000 + b"\xed\xa0\x80,q\n",
    "UTF-16 without a mark": NO_MARK,
    "a text among numbers": "a,y\n1,p\n2,q\nx,p\n4,q\n",
    "an underscore among numbers": "a,y\n1,p\n2,q\n1_000,p\n4,q\n",
    "another decimal mark": 'a,y\n"1,5",p\n2.5,q\n3.5,p\n',
    "a text among dates": "a,y\n2024-01-01,p\n2024-01-02,q\nsoon,p\n",
    "a percentage and a fraction": "a,y\n5%,p\n0.5,q\n",
    "two currencies": "a,y\n$5,p\n€5,q\n",
    "faults of rows and columns": "a,b,y\n1,2,p\n3,\x1b[0m,q\nx,4,p\n5\n7,8,q\n",
    "a name that a date needs": "d,d days,y\n2024-01-02,3,p\n2024-01-03,4,q\n",
    "a target without values": "a,y\n1,\n2,\n",
    "the target alone": "y\np\nq\n",
    "columns without values": "a,y\n,p\n,q\n",
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_a_wrong_table_is_refused(refuse: Refuse, messages: Messages, content: str | bytes) -> None:
    for problem in refuse(content):
        messages.check(problem)


SETTINGS: dict[str, tuple[str | bytes, dict[str, Any]]] = {
    "encoding: not this one": (NO_MARK, {"encoding": "utf-16"}),
    "encoding: half a character": (UTF_16 + b"\x00\xdc", {}),
    "encoding: the mark says another": (UTF_16, {"encoding": "cp1252"}),
    "encoding: unknown": (TABLE, {"encoding": "utf8000"}),
    "decimal_mark: another one": ("a,y\n1.5,p\n5,q\n6,p\n", {"decimal_mark": "comma"}),
    "numeric: a text": ("a,y\n1,p\nx,q\ny,p\n", {"columns": {"numeric": ["a"]}}),
    "dates: a number": ("a,y\n20240131,p\n1.5,q\n", {"columns": {"dates": ["a"]}}),
    "dates: another pattern": ("d,y\n3/4/2024,p\n", {"columns": {"dates": {"d": "%Y-%m-%d"}}}),
    "dates: no year": (SPECIES, {"target": "species", "columns": {"dates": {"age": "%d/%m"}}}),
    "dates: unknown": (SPECIES, {"target": "species", "columns": {"dates": ["e"]}}),
    "dates: ignored": (SPECIES, {"target": "species", "columns": {"dates": ["age"], "ignore": ["age"]}}),
    "ignore: all": ("a,y\n1,p\n2,q\n", {"columns": {"ignore": ["a"]}}),
    "ignore: all but texts": (TEXTS, {"columns": {"ignore": ["a"]}}),
    "weights: missing": ('a,w,y\nx,,\n"x\nz",2,p\nz,,q\n', {"weights": "w"}),
    "weights: negative": ("a,w,y\n1,2,p\n2,-3,q\n", {"weights": "w"}),
    "weights: a text": ("a,w,y\n1,2,p\n2,much,q\n", {"weights": "w"}),
    "weights: infinite": ("a,w,y\n1,2,p\n2,inf,q\n", {"weights": "w"}),
    "weights: zeros": ("a,w,y\n1,0,p\n2,0,q\n", {"weights": "w"}),
    "weights: huge": ("a,w,y\n1,1e308,p\n2,1e308,q\n", {"weights": "w"}),
    "weights: unknown": (SPECIES, {"target": "species", "weights": "agee"}),
    "weights: the target": (SPECIES, {"target": "species", "weights": "species"}),
    "weights: numeric": (SPECIES, {"target": "species", "weights": "age", "columns": {"numeric": ["age"]}}),
    "group: missing": ("a,g,y\n1,u,p\n2,,q\n3,,q\n", {"split": {"group": "g"}}),
    "group: unknown": (SPECIES, {"target": "species", "split": {"group": "aeg"}}),
    "group: the target": (SPECIES, {"target": "species", "split": {"group": "species"}}),
    "group: numeric": (
        SPECIES,
        {"target": "species", "split": {"group": "age"}, "columns": {"numeric": ["age"]}},
    ),
    "by: missing": (DAYS, {"split": {"by": "day"}}),
    "by: missing and ignored": (DAYS, {"split": {"by": "day"}, "columns": {"ignore": ["day"]}}),
    "by: texts": (MONTHS, {"split": {"by": "day"}}),
    "by: texts and ignored": (MONTHS, {"split": {"by": "day"}, "columns": {"ignore": ["day"]}}),
    "by: categorical": (DAYS, {"split": {"by": "day"}, "columns": {"categorical": ["day"]}}),
    "by: the target": (SPECIES, {"target": "species", "split": {"by": "species"}}),
    "by: unknown": (SPECIES, {"target": "species", "split": {"by": "aeg"}}),
    "by: the weights": (SPECIES, {"target": "species", "weights": "age", "split": {"by": "age"}}),
    "target: none": ("a\x1b[0m,y\n1,p\n", {"target": None}),
    "target: misspelt": (SPECIES, {"target": "Specie"}),
    "target: unknown": (SPECIES, {"target": "label"}),
    "target: several as a text": (SPECIES, {"target": "age, sex"}),
    "target: one with a comma as a list": ('"age,sex",y\n1,2\n', {"target": ["age", "sex"]}),
    "target: all columns": (SPECIES, {"target": ["age", "sex", "species"]}),
    "weights: several as a text": (SPECIES, {"target": "species", "weights": "age,sex"}),
    "target: without a header": ("5.1,3.5,setosa\n4.9,3.0,setosa\n", {"target": "label"}),
    "target: another delimiter": ("age|sex|label\n1|m|p\n", {"target": "label", "delimiter": ";"}),
    "target: of a built-in": ("", {"source": "penguins", "target": "specie"}),
    "several settings": (
        SPECIES,
        {"target": "species", "columns": {"numeric": ["agee", "sex"], "ignore": ["sex", "species"]}},
    ),
    "settings and rows": ("a,b,label\n1,2,p\n3\n5,x,q\n", {"target": "lable", "columns": {"ignore": ["d"]}}),
    "sha256": (TABLE, {"sha256": "0" * 64}),
    "test_source: unknown": (TABLE, {"test_source": "tests.csv"}),
}


@pytest.mark.parametrize(("content", "settings"), SETTINGS.values(), ids=SETTINGS)
def test_settings_that_do_not_fit_are_refused(
    refuse: Refuse, messages: Messages, content: str | bytes, settings: dict[str, Any]
) -> None:
    for problem in refuse(content, **settings):
        messages.check(problem)


@pytest.mark.parametrize("encoding", ["punycode", "idna"])
def test_only_utf_16_needs_a_mark(refuse: Refuse, encoding: str) -> None:
    (problem,) = refuse("xn--a,y\n1,p\n", encoding=encoding)
    assert "mark" not in problem.message
    assert encoding in problem.message
    assert "set data.encoding to the encoding the file was saved in" in problem.message


@pytest.mark.parametrize("encoding", ["U16", "utf_16"])
def test_the_encoding_without_a_mark_has_its_usual_name(refuse: Refuse, encoding: str) -> None:
    (problem,) = refuse(NO_MARK, encoding=encoding)
    assert "set data.encoding to utf-16-le" in problem.message


TEST_FILES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a missing column": (TABLE, "a,Color,y\n7,red,q\n", {}),
    "a text among numbers": (TABLE, "a,colour,y\nred,7,q\n", {}),
    "no target": (TABLE, "a,colour,y\n1,red,\n", {}),
    "a changed file": (TABLE, "a,colour,y\n1,red,p\n", {"test_sha256": "0" * 64}),
    "no date and no column": (DATES, "y,x,d\nu,1,soon\n", {}),
    "no date and no number": (DATES, "y,p,d\nu,x,5/4/2024\nu,1,soon\n", {}),
    "a huge percentage": ("p,y\n1%,0\n2%,1\n", "y,p\n0,50\n", {}),
    "a huge percentage as the target": ("a,y\n1,5%\n2,7%\n", "a,y\n1,50\n", {}),
}


@pytest.mark.parametrize(("content", "test", "settings"), TEST_FILES.values(), ids=TEST_FILES)
def test_a_wrong_test_file_is_refused(
    refuse: Refuse, messages: Messages, tmp_path: Path, content: str, test: str, settings: dict[str, Any]
) -> None:
    (tmp_path / "test.csv").write_text(test)
    for problem in refuse(content, test_source="test.csv", **settings):
        messages.check(problem)
