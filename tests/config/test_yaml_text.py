from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config import yaml_text
from fnnctl.config.yaml_text import CoreLoader, block_yaml, flow_yaml
from fnnctl.text import printable_lines

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text("a \u202e\u2066\x1b\x85\xa0\u2028\ufeff\U0001f600\t\n\\\"'", max_size=20),
)


@given(text=TEXTS)
def test_what_is_written_prints_and_is_read_back(text: str) -> None:
    """Direction controls too, which can make a pasted command look like another one, are escaped."""
    value = {"name": text, "list": [text]}
    written = flow_yaml(value)
    assert written.isprintable()
    assert all(map(str.isprintable, block_yaml(value).split("\n")))
    for each in (written, block_yaml(value)):
        assert yaml.load(each, CoreLoader) == value
        assert yaml.safe_load(each) == value


KEYS = st.one_of(st.text(max_size=9), st.text("abc _-", min_size=90, max_size=140), st.integers(), st.none())
SCALARS = st.one_of(
    TEXTS,
    st.sampled_from(["no", "1e-3", "012", "1:30", "null", "- a", "a: b", "a #", "{", "]", "?", "*", "'", ""]),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3),
        st.tuples(inside, inside),
        st.dictionaries(st.one_of(st.text(max_size=9), KEYS), inside, max_size=3),
    ),
    max_leaves=9,
)


@given(value=VALUES, flow=st.booleans())
def test_what_is_put_together_from_scalars_is_what_the_library_writes(value: Any, flow: bool) -> None:
    by_library = printable_lines(yaml_text._dumped_by_library(value, flow=flow))
    assert yaml_text._dumped(value, flow=flow) == by_library
