"""Text from data and configs that would act if it were not shown as text, in every format of the reports.

The CSV files keep it exactly, formulas as well: they are data, which other programs read. JSON keeps it, too.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from fnnctl.cli import run as run_program
from fnnctl.text import DIRECTION_CONTROLS
from tests.program import Program, read_json
from tests.report.html.checked import Page, checked

CLASSES = (
    "<script>alert(1)</script>",
    "$$x^2$$ $\\frac{",
    "\x1b[31mred\x1b]0;title\x07",
    "שלום \u202elive\u202c",
    "中文类别",
    "😀👩‍👩‍👧 face",
    "L" * 200,
    "=1+1",
    "@SUM(A1:A9)",
    'it\'s "quoted", `a`|b',
    "]]> & <!-- -->",
    "two\nlines",
    '" onmouseover="alert(2)',
    "[red]markup[/red] [/] [a](javascript:alert(3))",
    "--option -x ${HOME} {0} %s",
    "</style></title><img src=x onerror=alert(4)>",
)
COLUMNS = ("<b>x</b> $a_1$", "=cmd|' /C calc'!A0", "\x1b[31m\u202eדגל\n|`")
TARGET = 'the "<u>target|`'
SOURCE = "rows <img src=x onerror=alert(5)> $x$ `|.csv"
NAME = "</h1><script>alert(6)</script> $$n$$ \u202eשלום\u202c 中文 😀 =1+1 ]]> | `x` [/red]"
NOTES = "<script>alert(7)</script> $$ `x` ]]>\n# head\n[a](javascript:alert(8)) \u202eשלום"

KINDS = {"train": ("train",), "folds": ("evaluate", "--folds", "2", "--repeats", "1"), "search": ("search",)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training, another with one epoch, a cross-validation and a search."""
    folder = tmp_path_factory.mktemp("hostile")
    texts = ("=2+2", "a\nb", "<i>")
    with (folder / SOURCE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow((*COLUMNS, TARGET))
        for k in range(320):
            writer.writerow((k % 16 + k / 1000, k * 7 % 5, texts[k % 3], CLASSES[k % 16]))
    config = folder / "hostile.yaml"
    search = {"method": "random", "trials": 2, "space": {"model.hidden": {"choice": [[4], [5]]}}}
    text = {
        "name": NAME,
        "notes": {"intended_use": NOTES, "limits": NOTES},
        "recipe": "classic",
        "data": {"source": SOURCE, "target": TARGET},
        "training": {"epochs": 2, "batch_size": 64},
        "search": search,
    }
    config.write_text(json.dumps(text), encoding="utf-8")
    options = ("--quiet", "--no-figures", "--runs-dir", str(folder / "runs"))
    for command, *more in KINDS.values():
        assert run_program([command, str(config), *more, *options]) == 0
    assert run_program(["train", str(config), "--name", "other", "--set", "training.epochs=1", *options]) == 0
    return folder / "runs"


def run_of(runs: Path, kind: str) -> str:
    """The folder of the run of this kind whose name is `NAME`."""
    wanted = {"train": "train", "folds": "cross_validation", "search": "search"}[kind]
    found = ((path, read_json(path / "manifest.json")) for path in runs.iterdir())
    (path,) = (path for path, manifest in found if manifest["kind"] == wanted and manifest["name"] == NAME)
    return str(path)


def acting(text: str, *, allowed: str = "\n") -> set[str]:
    """The characters that act on a terminal or reorder the text beside them."""
    return {
        character
        for character in text
        if character not in allowed
        and (unicodedata.category(character) == "Cc" or character in DIRECTION_CONTROLS)
    }


def all_keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from all_keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from all_keys(inner)


@pytest.mark.parametrize("columns", ["60", "120"])
@pytest.mark.parametrize("kind", KINDS)
def test_terminal(
    program: Program, runs: Path, monkeypatch: pytest.MonkeyPatch, kind: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for more in ((), ("--verbose",)):
        done = program("report", run_of(runs, kind), "--no-figures", *more)
        assert done.code == 0
        assert done.out.startswith("</h1><script>alert(6)")
        assert acting(done.out + done.err) == set()


def test_lists_and_other_texts(program: Program, runs: Path) -> None:
    source = str(runs.parent / SOURCE)
    config = str(runs.parent / "hostile.yaml")
    for command in (
        ("runs", "--runs-dir", str(runs), "--columns", "all"),
        ("runs", "prune", "--runs-dir", str(runs), "--keep", "0"),
        ("describe", source, "--target", TARGET),
        ("check", config, "--explain"),
        ("plan", config),
        ("report", "--runs-dir", str(runs), NAME, "--fail-under", "per_class.x.f1=0.5"),
        ("runs", "--runs-dir", str(runs), "--where", f"name={CLASSES[2]}"),
        ("compare", "--runs-dir", str(runs), CLASSES[2], CLASSES[3]),
        ("report", *(run_of(runs, kind) for kind in KINDS), "--no-figures"),
    ):
        done = program(*command)
        assert done.out or done.err, command
        assert acting(done.out + done.err) == set(), command


@pytest.mark.parametrize("options", [("train",), ("folds",), ("search",), ("train", "--short")], ids=" ".join)
def test_markdown(program: Program, runs: Path, options: tuple[str, ...]) -> None:
    kind, *more = options
    done = program("report", run_of(runs, kind), "--format", "markdown", "--no-figures", *more)
    assert done.code == 0
    assert acting(done.out) == set()
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(done.out))
    written = {"h1", "h2", "p", "a", "img", "ul", "li", "strong", "pre", "code"}
    assert {tag for tag, _ in page.tags} <= written | {"table", "thead", "tbody", "tr", "th", "td"}
    assert not any("javascript" in str(each.get("href")) for each in page.of("a"))
    assert "</h1><script>alert(6)" in "".join(page.text("h1"))
    assert "$$" not in done.out  # GitHub would set it as a formula
    if not more:  # a short report leaves out the middle of a long name
        assert "\\$\\$n\\$\\$" in done.out


@pytest.mark.parametrize("kind", KINDS)
def test_html(program: Program, runs: Path, kind: str) -> None:
    done = program("report", run_of(runs, kind), "--format", "html")
    assert done.code == 0
    page = checked(done.out)
    # Figures need U+200E: browsers have no other means to isolate a part of a text in SVG.
    assert acting(done.out, allowed="\n\u200e") == set()
    assert "</h1><script>alert(6)" in "".join(page.text("h1"))
    assert any("[a](javascript:alert(8))" in each for each in page.text("p", "dd"))


def test_comparison(program: Program, runs: Path) -> None:
    named = ("compare", run_of(runs, "train"), "other", "--runs-dir", str(runs))
    for format_ in ("terminal", "markdown"):
        done = program(*named, "--format", format_)
        assert "\\$\\$n" in done.out if format_ == "markdown" else "$$n$$" in done.out
        assert acting(done.out + done.err) == set()
    checked(program(*named, "--format", "html").out)
    assert run_of(runs, "train") in program(*named, "--json").json["runs"]


def test_json_keeps_the_text(program: Program, runs: Path) -> None:
    done = program("report", run_of(runs, "train"), "--json", "--no-figures")
    assert set(CLASSES) <= {*all_keys(done.json)}
    assert "\x1b" not in done.out
    assert NAME in {run["name"] for run in program("runs", "--runs-dir", str(runs), "--json").json["runs"]}


def test_csv_files_keep_the_text(runs: Path) -> None:
    """A formula is not changed: predictions must be the classes. Spreadsheets ask before they import text."""
    text = Path(run_of(runs, "train"), "predictions.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert {name.removeprefix("p_") for name in header[3:]} == set(CLASSES)
    assert {row[1] for row in rows} == set(CLASSES)


def test_a_config_has_no_control_characters(program: Program, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text('name: "a\\e[31m"\ndata: {source: iris}\n')
    done = program("train", "c.yaml")
    assert done.code == 2
    assert re.search(r"c\.yaml:1: name: contains the control character U\+001B", done.err)
