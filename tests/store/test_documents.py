from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnnctl.errors import DataError
from fnnctl.store.documents import read_mapping, to_json


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_has_no_nan(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"loss": value})


def test_json_is_indented_and_keeps_its_order_and_any_text(hostile_classes: tuple[str, ...]) -> None:
    text = to_json({"b": "日本 <script>", "a": [None, 0.1]})
    assert text == '{\n  "b": "日本 <script>",\n  "a": [\n    null,\n    0.1\n  ]\n}\n'
    value = {name: name for name in hostile_classes}
    assert read_mapping(to_json(value).encode(), Path("x.json")) == json.loads(to_json(value)) == value


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\n", "it is empty"),
        (b'{"a":\n', "it is not JSON from line 2, column 1 on"),
        (b"[]", "it is not a JSON object"),
        (b'"text"', "it is not a JSON object"),
        (b'{"a": NaN}', "it is not JSON: NaN is no number of it"),
        (b'{"a": Infinity}', "it is not JSON: Infinity is no number of it"),
        (b'{"a": 1e999}', "it is not JSON: the number 1e999 is too large"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"[" * 100_000, "its values are nested too deeply"),
    ],
)
def test_what_is_not_an_object_is_damaged(content: bytes, fault: str) -> None:
    with pytest.raises(DataError, match=rf"^x\.json: is damaged: {fault}$"):
        read_mapping(content, Path("x.json"))
