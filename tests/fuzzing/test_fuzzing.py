"""Some random inputs of each kind; a million of them by `python -m tests.fuzzing`."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from fnnctl.errors import ConfigError, InputError, Problem
from tests.fuzzing.journals import damaged_journal
from tests.fuzzing.kinds import KINDS
from tests.fuzzing.trying import BrokenPromiseError, Kind, Tally, generator, try_cases

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs timers and limits of memory")
COUNTS = {"configs": 120, "tables": 120, "models": 60, "journals": 30, "predictions": 60, "onnx": 60}
NAMES = [pytest.param(name, marks=[pytest.mark.extra] if name == "onnx" else []) for name in KINDS]
LEAST = 1 / 8
"""The share of cases that are accepted, and that are refused; a graph refuses no rows."""


@pytest.mark.parametrize("name", NAMES)
def test_random_inputs_are_accepted_or_refused_in_words(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "onnx":
        pytest.importorskip("onnx")
        pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    tally = try_cases(KINDS[name](tmp_path), 0, range(COUNTS[name]))
    said = [line for finding in tally.findings.values() for line in finding.lines()]
    assert not tally.findings, "\n".join([*tally.lines(name, 0), *said])
    assert tally.accepted.total() > COUNTS[name] * LEAST
    assert name == "onnx" or tally.refused.total() > COUNTS[name] * LEAST


@pytest.mark.parametrize("name", ["configs", "tables"])
def test_a_case_follows_from_its_number(name: str, tmp_path: Path) -> None:
    make = KINDS[name](tmp_path).make
    assert repr(make(generator(name, 0, 3))) == repr(make(generator(name, 0, 3)))
    assert repr(make(generator(name, 0, 3))) != repr(make(generator(name, 0, 4)))


def test_a_damaged_journal_leaves_the_records_for_the_next_alone() -> None:
    records = {name: [{"record": name, "settings": {"a": [1, {"b": 2}]}} for _ in range(3)] for name in "xyz"}
    before = repr(records)
    for number in range(500):
        damaged_journal("x", records, generator("journals", 0, number))
    assert repr(records) == before


def tried(outcomes: list[str | Exception]) -> Tally:
    def attempt(case: str | Exception) -> str:
        if isinstance(case, Exception):
            raise case
        return case

    numbers = iter(outcomes)
    return try_cases(Kind("made", lambda rng: next(numbers), attempt), 0, range(len(outcomes)))


def test_what_must_not_happen_is_found() -> None:
    problem = Problem("the file 'a' has 3 rows", path="a.b")
    tally = tried(
        [
            "read",
            "read",
            ConfigError(problem),
            KeyError("x"),
            KeyError("x"),
            InputError(),
            BrokenPromiseError("it is not so"),
        ]
    )
    assert (tally.cases, dict(tally.accepted)) == (7, {"read": 2})
    assert dict(tally.refused) == {"ConfigError": 1, "InputError": 1}
    assert list(tally.sentences) == ["the file … has … rows"]
    assert tally.found == {"KeyError: 'x'": 2, "InputError without words": 1, "it is not so": 1}
    assert tally.findings["KeyError: 'x'"].number == 3
    lines = "\n".join(tally.lines("made", 9))
    assert "7 cases" in lines
    assert "--kinds made --seed 9 --first 3 --count 1" in lines


def test_a_warning_is_a_finding() -> None:
    import warnings

    def attempt(case: int) -> str:
        warnings.warn("careful", RuntimeWarning, stacklevel=1)
        return "read"

    tally = try_cases(Kind("made", Random.random, attempt), 0, range(2))
    assert tally.found == {"RuntimeWarning: careful": 2}


def test_an_endless_case_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzzing.trying.MOST_SECONDS", 0.02)

    def attempt(case: float) -> str:
        while True:
            pass

    tally = try_cases(Kind("made", Random.random, attempt), 0, range(1))
    assert list(tally.found) == ["Endless: "]


def test_tallies_are_added() -> None:
    total = tried(["a", "b"])
    total.add(tried([KeyError("x"), "a"]))
    assert (total.cases, dict(total.accepted), dict(total.found)) == (
        4,
        {"a": 2, "b": 1},
        {"KeyError: 'x'": 1},
    )
