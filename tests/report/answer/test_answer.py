from __future__ import annotations

from collections.abc import Callable

from fnnctl.report.answer.answer import answer
from fnnctl.report.summary import summarize
from fnnctl.store.run import OpenRun


def test_the_answer_of_a_finished_run(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run()
    found = answer(summarize(run))
    assert (found.path, found.name, found.kind, found.status) == (
        run.path,
        "flowers-mlp",
        "train",
        "completed",
    )
    assert (found.failure, found.measured, found.group) == (None, "test part", "class")
    assert [score.key for score in found.scores] == ["accuracy", "balanced_accuracy", "f1_macro", "log_loss"]
    assert [group.name for group in found.worst] == ["setosa", "versicolor"]
    assert [(pair.true, pair.predicted) for pair in found.confused] == [
        ("versicolor", "setosa"),
        ("setosa", "versicolor"),
    ]
    assert (found.pairs, found.repeats) == (2, 1)
    assert found.warnings == ("column 'id' looks like a row id",)


def test_the_baseline_is_explained_only_where_it_is_shown(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    sentence = "Baseline: the training part's class shares, so always its most frequent class."
    for baseline, expected in (({"accuracy": 0.5}, [sentence]), (None, [])):
        test = {"accuracy": 0.9, "baseline": baseline}
        run.write_metrics({"train": None, "validation": None, "test": test})
        assert [each for each in answer(summarize(run)).certainty if "Baseline" in each] == expected


def test_a_run_that_has_just_begun_has_no_scores(start_run: Callable[..., OpenRun]) -> None:
    found = answer(summarize(start_run()))
    assert found.failure == "The run is in progress."
    assert (found.scores, found.certainty, found.worst, found.confused) == ((), (), (), ())
