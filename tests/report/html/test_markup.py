from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.report.html.markup import Markup, content, element, escape, identifier, join_markup
from fnnctl.text import plain_text


def test_text_is_escaped() -> None:
    assert escape("""<script>alert("a" & 'b')</script>""") == (
        "&lt;script&gt;alert(&quot;a&quot; &amp; &#x27;b&#x27;)&lt;/script&gt;"
    )
    assert escape("a\x1b[31m\n\u202eb") == "a[31m b"


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("plain", "plain"),
        ("שלום 12", "<bdi>שלום</bdi> 12"),
        ("'שלום עולם': 3 rows", "&#x27;<bdi>שלום עולם</bdi>&#x27;: 3 rows"),
        ("مرحبا or שלום", "<bdi>مرحبا</bdi> or <bdi>שלום</bdi>"),
        ("中文", "中文"),
    ],
)
def test_what_is_written_from_right_to_left_reorders_nothing_else(text: str, markup: str) -> None:
    assert content(text) == markup


@given(st.text())
def test_content_shows_the_text(text: str) -> None:
    shown = re.sub("</?bdi>", "", content(text))
    assert html.unescape(shown) == plain_text(text)
    assert "<" not in shown


def test_a_quoted_command_is_code() -> None:
    assert content("see `fnnctl search --workers 2`, `--resume` & `א`") == (
        "see <code>fnnctl search --workers 2</code>, <code>--resume</code> &amp; `<bdi>א</bdi>`"
    )


def test_elements() -> None:
    inner = join_markup([element("b", content("x<")), Markup("y")], " & ")
    assert element("p", inner, class_="a", aria_label='"', id=None) == (
        '<p class="a" aria-label="&quot;"><b>x&lt;</b> &amp; y</p>'
    )


def test_identifiers() -> None:
    assert identifier("Précision (1–2)") == "precision-12"
    assert identifier("中文") == "section"
