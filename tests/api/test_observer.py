from __future__ import annotations

import logging
import warnings
from itertools import pairwise
from pathlib import Path

import pytest

import fnnctl
from fnnctl import FnnctlWarning, Observer
from fnnctl.api.observer import ObserverListener

SHORT = {"data": "iris", "model": {"hidden": [4], "ensemble": 1}, "training": {"epochs": 3}}


class Collecting(Observer):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.done: list[tuple[str, float, float]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warning(self, text: str) -> None:
        self.warnings.append(text)

    def progress(self, what: str, done: float, total: float) -> None:
        self.done.append((what, done, total))


def test_an_observer_gets_notes_warnings_and_progress() -> None:
    observer = Collecting()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = fnnctl.train(SHORT, observer=observer)
    assert any(note.startswith("recipe default") for note in observer.notes)
    assert any("only 3 epochs were trained" in text for text in observer.warnings)
    assert set(run.warnings) == set(observer.warnings)
    assert [done for what, done, _ in observer.done if what == "training"] == [1, 2, 3]
    assert {total for what, _, total in observer.done if what == "training"} == {3}


def test_searches_and_cross_validations_show_all_epochs() -> None:
    """After a search, the refit and the training that it is compared with begin at 0 again."""
    for call, more_trainings in ((fnnctl.evaluate, 1), (fnnctl.run_search, 2)):
        observer = Collecting()
        space = {"search": {"trials": 2, "method": "random", "space": {"training.l2": {"choice": [0, 0.1]}}}}
        call(SHORT, settings=space, workers=1, observer=observer)
        amounts = [done for what, done, _ in observer.done if what == "training"]
        assert amounts[-1] > 0
        assert sum(after < before for before, after in pairwise(amounts)) <= more_trainings


def test_by_default_warnings_name_the_line_of_the_call(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "fnnctl"), pytest.warns(FnnctlWarning) as warned:
        fnnctl.train(SHORT)
    assert {warning.filename for warning in warned} == {__file__}
    assert any(message.startswith("recipe default") for message in caplog.messages)


def test_an_exception_of_the_observer_ends_the_call() -> None:
    class Ending(Collecting):
        def progress(self, what: str, done: float, total: float) -> None:
            if what == "training":
                raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        fnnctl.train(SHORT, observer=Ending())


def test_a_warning_is_what_the_program_calls_one() -> None:
    """A note may quote any text of the data, such as a column that is named `warning: `."""
    observer = Collecting()
    listener = ObserverListener(observer)
    listener.note("warning: is a column that is ignored")
    listener.warning("3 rows are left out")
    listener.warning("the metrics differ", about="out-of-bag")
    assert observer.notes == ["warning: is a column that is ignored"]
    assert observer.warnings == ["3 rows are left out", "out-of-bag: the metrics differ"]


def test_warnings_that_are_errors_come_after_the_work(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FnnctlWarning, match="only 3 epochs were trained"):
            fnnctl.train(SHORT, runs_dir=tmp_path)
    assert fnnctl.load_run("latest", tmp_path).status == "completed"


@pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")
def test_an_interrupt_says_how_the_run_continues(tmp_path: Path) -> None:
    class Interrupting(Collecting):
        def progress(self, what: str, done: float, total: float) -> None:
            if what == "training":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        fnnctl.train(SHORT, runs_dir=tmp_path, observer=Interrupting())
    (note,) = raised.value.__notes__
    code = note.removeprefix("To continue the run: ")
    assert eval(code, {"fnnctl": fnnctl}).status == "completed"
    with pytest.raises(KeyboardInterrupt) as raised:
        fnnctl.train(SHORT, observer=Interrupting())
    assert not hasattr(raised.value, "__notes__")
