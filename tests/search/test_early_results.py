"""Results that come before their turn: they change no record, and a kill does not lose them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.records.journal import TIME_IS_OVER, Header, Journal, encode
from fnnctl.records.trials import Job, JobKey, Result
from fnnctl.search.budget import SearchBudget
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import UNLIMITED
from fnnctl.search.schedulers import build_scheduler
from fnnctl.store.journal import JournalFile, ResultCache, journal_bytes
from fnnctl.store.names import EARLY_RESULTS
from tests.search.toys import Climber, ToyRunner, numbered

HEADER = Header("3fa9", None, {"fnnctl": "0.1.0"}, {"trials": 20})
BUDGET = SearchBudget(max_epochs=9, reduction_factor=3, trials=20, max_trials=20)


class Killed(BaseException):
    """The process dies."""


class Mortal(ToyRunner):
    """Dies when it is asked for results once too often."""

    def __init__(self, lives: int, **options: Any) -> None:
        super().__init__(**options)
        self._lives = lives

    def collect(self) -> Sequence[Result]:
        if not self._lives:
            raise Killed
        self._lives -= 1
        return super().collect()


def searched(
    folder: Path,
    runner: ToyRunner,
    *,
    scheduler: str = "hyperband",
    learns: bool = False,
    concurrency: int = UNLIMITED,
    header: Header = HEADER,
    budget: SearchBudget = BUDGET,
) -> Journal:
    """Search in a folder, as far as the runner lives."""
    folder.mkdir(exist_ok=True)
    sampler = Climber(100) if learns else numbered(100)
    new = build_scheduler(scheduler, sampler, budget, direction="maximize")
    with closing(JournalFile(folder / "journal.jsonl")) as file, closing(ResultCache(folder)) as cache:
        journal = Journal(file, cache)
        journal.begin(header)
        run_search(new, runner, journal, concurrency=concurrency)
    return journal


def killed(folder: Path, runner: ToyRunner, **options: Any) -> None:
    with pytest.raises(Killed):
        searched(folder, runner, **options)


def held(folder: Path) -> set[JobKey]:
    """The results in the cache that the journal does not have."""
    with closing(JournalFile(folder / "journal.jsonl")) as file:
        return set(Journal(file, ResultCache(folder)).held)


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize(("learns", "concurrency"), [(False, UNLIMITED), (True, 16)])
def test_what_came_before_its_turn_survives_a_kill(
    tmp_path: Path, scheduler: str, learns: bool, concurrency: int
) -> None:
    options: dict[str, Any] = {"scheduler": scheduler, "learns": learns, "concurrency": concurrency}
    undisturbed = ToyRunner()
    searched(tmp_path / "undisturbed", undisturbed, **options)
    whole = (tmp_path / "undisturbed" / "journal.jsonl").read_bytes()
    most_held = 0
    for lives in range(1, 6, 2):
        folder = tmp_path / str(lives)
        first, second = Mortal(lives, seed=lives, batch=6), ToyRunner(seed=99)
        killed(folder, first, **options)
        most_held = max(most_held, len(held(folder)))
        searched(folder, second, **options)
        assert sorted(first.done + second.done) == sorted(undisturbed.done), "each once"
        assert (folder / "journal.jsonl").read_bytes() == whole
        assert [path.name for path in folder.iterdir()] == ["journal.jsonl"]
    assert most_held > 1


def test_a_search_may_be_killed_again_and_again(tmp_path: Path) -> None:
    searched(tmp_path / "undisturbed", undisturbed := ToyRunner())
    done: list[JobKey] = []
    folder = tmp_path / "killed"
    for seed in range(100):
        runner = Mortal(1, seed=seed)
        with suppress(Killed):
            searched(folder, runner)
        done += runner.done
    assert sorted(done) == sorted(undisturbed.done)
    assert (folder / "journal.jsonl").read_bytes() == (tmp_path / "undisturbed/journal.jsonl").read_bytes()


class Backwards(Mortal):
    """Does the jobs with the largest trial numbers first, so that results come long before their turn."""

    def __init__(self, lives: int = 1000) -> None:
        super().__init__(lives)

    def _next(self) -> list[Job]:
        return sorted(self._waiting, key=lambda job: -job.trial.number)[:1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A search that was killed when it held four results and had recorded none."""
    folder = tmp_path / "killed"
    killed(folder, Backwards(4), scheduler="full_budget")
    assert held(folder) == {(number, 9) for number in (16, 17, 18, 19)}
    assert b'"result"' not in (folder / "journal.jsonl").read_bytes()
    return folder


ODD_RECORDS: list[dict[str, object]] = [
    {"record": "wish"},
    {"trial": 3},
    {"record": "result", "trial": 3},
    {"record": "end", "reason": "x"},
]


def damaged(cache: bytes) -> Iterator[tuple[bytes, int]]:
    """Caches that were cut, changed, or written by another version, and how many results each still has."""
    for cut in range(0, len(cache), 41):
        yield cache[:cut], cache[:cut].count(b"\n")
    for at in range(3, len(cache), 97):
        yield cache[:at] + bytes([cache[at] ^ 1]) + cache[at + 1 :], 0
    for record in ODD_RECORDS:
        yield journal_bytes([record]), 0


def test_of_a_damaged_cache_what_is_whole_is_taken(folder: Path, tmp_path: Path) -> None:
    searched(tmp_path / "undisturbed", ToyRunner(), scheduler="full_budget")
    whole = (tmp_path / "undisturbed/journal.jsonl").read_bytes()
    journal = (folder / "journal.jsonl").read_bytes()
    for content, count in damaged((folder / EARLY_RESULTS).read_bytes()):
        (folder / EARLY_RESULTS).write_bytes(content)
        (folder / "journal.jsonl").write_bytes(journal)
        assert len(held(folder)) == count
        runner = Backwards()
        searched(folder, runner, scheduler="full_budget")
        assert len(runner.done) == 20 - count
        assert (folder / "journal.jsonl").read_bytes() == whole
        assert [path.name for path in folder.iterdir()] == ["journal.jsonl"], "no one is told of it"


def test_a_damaged_cache_is_written_anew(folder: Path) -> None:
    (folder / EARLY_RESULTS).write_bytes((folder / EARLY_RESULTS).read_bytes()[1:])
    killed(folder, Backwards(2), scheduler="full_budget")
    assert held(folder) == {(18, 9), (19, 9)}
    (folder / EARLY_RESULTS).unlink()
    (folder / EARLY_RESULTS).mkdir()
    assert held(folder) == set()


def test_a_stopped_search_keeps_what_it_holds(tmp_path: Path) -> None:
    asked = iter([None] * 4 + [TIME_IS_OVER])
    with closing(JournalFile(tmp_path / "journal.jsonl")) as file, closing(ResultCache(tmp_path)) as cache:
        journal = Journal(file, cache)
        journal.begin(HEADER)
        new = build_scheduler("full_budget", numbered(100), BUDGET, direction="maximize")
        assert run_search(new, Backwards(), journal, stop=lambda: next(asked)) == TIME_IS_OVER
    assert held(tmp_path) == {(number, 9) for number in (16, 17, 18, 19)}


def test_an_extension_does_what_was_held_for_another_plan_again(tmp_path: Path) -> None:
    """The trials of a small bracket move to a larger one, where they begin with fewer epochs.

    Every epoch of a trial is then in one of its results, as learning curves need it.
    """
    killed(tmp_path, Backwards(9))
    assert any(budget == 3 for _, budget in held(tmp_path))
    plan: dict[str, Any] = {
        "header": Header("3fa9", None, {"fnnctl": "0.1.0"}, {"trials": 40}),
        "budget": SearchBudget(max_epochs=27, reduction_factor=3, trials=40, max_trials=40),
    }
    killed(tmp_path, Mortal(0), **plan)
    journal = searched(tmp_path, ToyRunner(steady), **plan)
    fresh = searched(tmp_path / "fresh", ToyRunner(steady), **plan)
    epochs = dict.fromkeys(journal.trials, 0)
    for result in sorted(journal.results.values(), key=lambda result: result.key):
        epochs[result.trial] += result.epochs
        assert epochs[result.trial] == result.budget
    recorded = [encode(result) for result in journal.results.values()]
    assert all(encode(result) in recorded for result in fresh.results.values())


def steady(job: Job) -> float:
    return job.trial.number * 37 % 11 / 11
