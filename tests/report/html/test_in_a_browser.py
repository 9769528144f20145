"""Pages in headless Chromium: none is wider than the screen, and no text of a figure is cut off."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.report.html.report import html_report
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.registry import run_document
from fnnctl.store.run import OpenRun
from tests.report.searches import halving, start_search

pytestmark = pytest.mark.browser
WIDTHS = (360, 768, 1280)
MEASURE = """<script>
addEventListener("load", () => {
  const found = [...document.querySelectorAll("iframe")].map(frame => {
    const page = frame.contentDocument, root = page.documentElement;
    page.querySelectorAll("details").forEach(each => each.open = true);
    const cut = [...page.querySelectorAll("svg text")].filter(text => {
      const box = text.getBoundingClientRect(), svg = text.closest("svg").getBoundingClientRect();
      return box.left < svg.left - 2 || box.right > svg.right + 2;
    });
    return {name: frame.name, width: root.clientWidth, needed: root.scrollWidth,
            background: getComputedStyle(page.body).backgroundColor, cut: cut.map(text => text.textContent)};
  });
  document.body.innerHTML = "";
  document.body.textContent = "FOUND" + JSON.stringify(found) + "END";
});
</script>"""


@pytest.fixture(scope="module")
def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("chromium is not installed")
    return found


def measured(chromium: str, folder: Path, pages: dict[str, str], *options: str) -> list[dict[str, Any]]:
    """What each page, in frames of all widths, needs. (A window of Chromium is at least 500 pixels wide.)"""
    frames = "".join(
        f'<iframe name="{name}" style="width:{width}px;height:800px" srcdoc="{html.escape(text)}"></iframe>'
        for name, text in pages.items()
        for width in WIDTHS
    )
    file = folder / "frames.html"
    style = "<style>iframe { border: 0; }</style>"
    file.write_text(f"<!doctype html><meta charset=utf-8>{style}{MEASURE}{frames}", encoding="utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'user'}"]
    done = subprocess.run(
        [*command, *options, "--dump-dom", file.as_uri()], capture_output=True, text=True, check=True
    )
    found = re.search("<body>FOUND(.*)END", html.unescape(done.stdout), re.DOTALL)
    assert found is not None, done.stdout[:1000] + done.stderr
    results: list[dict[str, Any]] = json.loads(found[1])
    return results


def page(*summaries: Summary) -> str:
    return html_report([run_document(summary) for summary in summaries])


def test_pages_fit_every_screen(
    chromium: str,
    tmp_path: Path,
    finished_run: Callable[..., OpenRun],
    start_run: Callable[..., OpenRun],
    hostile_classes: tuple[str, ...],
) -> None:
    ended: tuple[Any, ...] = ("completed", {"total": 1.0, "training": 1.0})
    names = (*hostile_classes, "שלום עולם", "x" * 200, "中文" * 40)
    search = start_search(tmp_path, halving())
    search.finish(*ended)
    failed = start_run("y" * 200)
    failed.finish("failed", {"total": 1.0}, {"error": "no " * 100})
    runs = {
        "two": [finished_run()],
        "hostile": [finished_run("n" * 200, names)],
        "thirty": [finished_run(classes=[f"species number {number}" for number in range(30)])],
        "search": [search],
        "failed": [failed],
        "several": [finished_run("a"), finished_run("b", names)],
    }
    pages = {name: page(*map(summarize, several)) for name, several in runs.items()}
    for found in measured(chromium, tmp_path, pages):
        assert found["needed"] <= found["width"], found
        assert found["cut"] == [], found


def test_pages_are_dark_where_the_reader_wants_it(
    chromium: str, tmp_path: Path, finished_run: Callable[..., OpenRun]
) -> None:
    text = page(summarize(finished_run()))
    light = measured(chromium, tmp_path, {"page": text})
    dark = measured(chromium, tmp_path, {"page": text}, "--blink-settings=preferredColorScheme=0")
    assert {each["background"] for each in light} == {"rgb(246, 247, 249)"}
    assert {each["background"] for each in dark} == {"rgb(19, 21, 25)"}
