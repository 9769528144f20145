from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.store.names import LAYOUT, SLUG_LENGTH, base_file_name, run_folder_name, slug, started_by_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("digits-mlp", "digits-mlp"),
        ("My first run!", "my-first-run"),
        ("Größe & Maß", "grosse-mass"),
        ("Crème brûlée", "creme-brulee"),
        ("ﬁve ½", "five-1-2"),
        ("depth—width", "depth-width"),
        ("實驗", "experiment"),
        ("實驗 7", "7"),
        ("../../etc/passwd", "etc-passwd"),
        ("", "experiment"),
        ("---", "experiment"),
        ("a" * 47 + " b c", "a" * 47),
        ("CON", "con"),
    ],
)
def test_slug(name: str, expected: str) -> None:
    assert slug(name) == expected


@given(st.text())
def test_a_slug_is_a_safe_bounded_file_name(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(name))
    assert len(slug(name)) <= SLUG_LENGTH
    assert slug(slug(name)) == slug(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("base.yaml", "3-base.yaml"), ("é b.yml", "3-e-b.yaml"), ("表.yaml", "3-experiment.yaml")],
)
def test_the_name_of_a_base_has_its_number(name: str, expected: str) -> None:
    assert base_file_name(3, name) == expected


def test_a_folder_name_has_time_slug_and_six_hex_digits() -> None:
    name = run_folder_name("Digits MLP", datetime(2026, 11, 24, 13, 24, 5, tzinfo=UTC))
    assert re.fullmatch(r"2026-11-24T13-24-05Z-digits-mlp-[0-9a-f]{6}", name)


def test_the_start_can_be_read_off_a_folder_name() -> None:
    name = run_folder_name("iris", datetime(2026, 11, 24, 13, 24, 5, tzinfo=UTC))
    assert started_by_name(name) == "2026-11-24T13:24:05"
    assert started_by_name("mine") is None


def test_two_files_never_share_a_name() -> None:
    assert len(set(LAYOUT)) == len(LAYOUT)
