from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np

from fnnctl.plots.confusion import confusion_matrix_figure
from fnnctl.plots.curves import PlottedCurve, roc_figure
from fnnctl.plots.estimates import residuals_figure
from fnnctl.plots.style import COLOURS, FAINT, GRID, INK, MUTED
from fnnctl.plots.svg import VARIABLES, inline_svg
from fnnctl.report.html.page import style_sheet

LINE = np.array([0.0, 0.5, 1.0])


def roc(name: str = "roc") -> str:
    curves = [PlottedCurve("class", label, LINE, LINE**2, 0.5) for label in ("<a> & b", "$$c$$")]
    return inline_svg(roc_figure(curves, title="iris: ROC curves"), name)


def test_equal_figures_give_equal_texts() -> None:
    assert roc() == roc()


def test_texts_are_texts_and_the_title_is_the_pages() -> None:
    texts = [each.text for each in ElementTree.fromstring(roc()).iter("text")]
    assert {"false positive rate", "AUC", "0.8"} <= {*texts}
    assert any(text and text.endswith("<a> & b") for text in texts)
    assert not any(text and "iris" in text for text in texts)
    assert "font-family" not in roc()


def test_colours_are_the_pages() -> None:
    colours = re.findall(r"(?:fill|stroke):([^;\"]+)", roc())
    assert {each for each in colours if each.startswith("#")} == set()
    assert {"var(--c1)", "var(--c2)", "var(--muted)", "var(--grid)", "none"} <= {*colours}


def test_identifiers_are_the_figures_own() -> None:
    text = roc("run2-roc")
    identifiers = re.findall(r'\bid="([^"]+)"', text)
    references = re.findall(r'href="#([^"]+)"', text) + re.findall(r"url\(#([^)]+)\)", text)
    assert identifiers
    assert all(each.startswith("run2-roc-") for each in identifiers)
    assert set(references) == set(identifiers)


def test_shades_keep_their_colours() -> None:
    matrix = inline_svg(confusion_matrix_figure(np.eye(2, dtype=np.intp), ["a", "b"], title=""), "matrix")
    assert 'class="shades"' in matrix
    assert matrix.count("data:image/png;base64,") == 1
    rows = np.random.default_rng(0).normal(size=(2, 100_000))
    density = inline_svg(residuals_figure(*rows, target="y", title=""), "residuals")
    assert 'class="shades"' in density
    assert len(density) < 400_000
    assert 'class="shades"' not in roc()


def test_the_style_sheet_has_the_colours_of_the_figures() -> None:
    """In the light, each variable is the colour that it replaces."""
    light = style_sheet().partition("@media")[0]
    for colour in (*COLOURS, INK, MUTED, FAINT, GRID, "#ffffff"):
        short = "#fff" if colour == "#ffffff" else colour.lower()
        assert f"--{VARIABLES[colour.lower()]}: {short};" in light
