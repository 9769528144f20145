"""A run against an earlier one, on the test rows that neither has seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import UsageError
from fnnctl.modelling.held_out_rows import held_out_rows
from fnnctl.modelling.loading import load_experiment
from fnnctl.modelling.saved_model import load_model
from fnnctl.modelling.trained_rows import seen_rows
from fnnctl.runs.same_rows import same_rows_result
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import TRAINED_ROWS
from tests.messages import Messages
from tests.program import Program, run_of

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = "recipe: classic\nmodel: {hidden: [4]}\ntraining: {epochs: 3, optimizer: {learning_rate: 0.02}}\n"


def write_table(folder: Path, first: int, last: int) -> None:
    """Rows by their numbers, with a date of which the table's first one is another one in each table."""
    days = np.datetime64("2024-01-01") + np.arange(1000)
    lines = [f"{number * 0.37:.2f},{days[number]},{'pq'[number % 3 // 2]}" for number in range(first, last)]
    (folder / "t.csv").write_text("\n".join(["a,day,y", *lines]) + "\n")


def train(program: Program, folder: Path, name: str, *settings: str) -> RunFolder:
    (folder / f"{name}.yaml").write_text(f"name: {name}\ndata: {{source: t.csv, target: y}}\n{CONFIG}")
    options = [word for setting in settings for word in ("--set", setting)]
    return RunFolder(run_of(program, "train", f"{name}.yaml", *options))


def test_rows_that_the_earlier_run_has_seen_are_left_out_for_both(program: Program, tmp_path: Path) -> None:
    write_table(tmp_path, 0, 80)
    champion = train(program, tmp_path, "champion")
    write_table(tmp_path, 20, 150)
    challenger = train(program, tmp_path, "challenger", "data.split.seed=4")
    held_out = held_out_rows(load_model(challenger, lambda text: None))
    test = held_out.split.test
    stored = champion.read_trained_rows()
    assert stored is not None
    seen = int(np.count_nonzero(seen_rows(stored, held_out.data).used[test]))
    assert 0 < seen < len(test) == 26
    done = program("report", "challenger", "--not-worse-than", "champion", "--same-rows", "--json")
    (gate,) = done.json["gates"]
    assert (gate["same_rows"], gate["left_out_rows"], gate["not_recognized"]) == (True, seen, [])
    assert (gate["paired"], gate["count"]) == (True, 26 - seen)
    predicted = (challenger.path / "predictions.csv").read_text().splitlines()[1:]
    hits = {int(line.split(",")[0]): line.split(",")[1] == line.split(",")[2] for line in predicted}
    numbers = held_out.data.dataset.file_rows[test[~seen_rows(stored, held_out.data).used[test]]]
    assert gate["value"] == pytest.approx(np.mean([hits[number] for number in numbers.tolist()]))
    junit = program("report", "challenger", "--not-worse-than", "champion", "--same-rows", "--junit", "-")
    assert f"{seen} rows that trained or validated a run left out" in junit.out


def test_rows_that_equal_one_another_are_not_left_out(program: Program, tmp_path: Path) -> None:
    """Of rows in pairs, the run's test part has many whose twin it was trained on."""
    write_table(tmp_path, 0, 40)
    champion = train(program, tmp_path, "champion")
    write_table(tmp_path, 40, 90)
    header, *lines = (tmp_path / "t.csv").read_text().splitlines()
    (tmp_path / "t.csv").write_text("\n".join([header, *lines, *lines]) + "\n")
    challenger = train(program, tmp_path, "challenger")
    result = same_rows_result(challenger, champion)
    assert (result.details["left_out_rows"], result.details["count"]) == (0, 20)


def test_the_champion_alone_is_as_its_own_test_part_says(program: Program, tmp_path: Path) -> None:
    """Against itself by another seed of the weights: the same test part, of which nothing is left out."""
    write_table(tmp_path, 0, 80)
    champion = train(program, tmp_path, "champion")
    challenger = train(program, tmp_path, "challenger", "seed=7", "data.split.seed=0")
    champion_metrics, metrics = champion.read_metrics(), challenger.read_metrics()
    assert champion_metrics is not None
    assert metrics is not None
    result = same_rows_result(challenger, champion)
    assert result.value == metrics["test"]["accuracy"]
    assert result.details["other_value"] == champion_metrics["test"]["accuracy"]
    assert result.details["left_out_rows"] == 0
    assert same_rows_result(challenger, champion, "log_loss", 5.0).passed


@pytest.mark.parametrize("use", ["weights: n", "split: {group: n}", "split: {by: n}, columns: {ignore: [n]}"])
def test_the_earlier_network_reads_what_is_no_feature_of_the_run(
    program: Program, tmp_path: Path, use: str
) -> None:
    """A column that the run has as weights, groups or the order of its rows."""
    lines = [f"{number * 0.37:.2f},{number % 20 + 1},{'pq'[number % 3 // 2]}" for number in range(100)]
    for name, rows in (("old", lines[:60]), ("new", lines[30:])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["a,n,y", *rows]) + "\n")
    (tmp_path / "champion.yaml").write_text(f"data: {{source: old.csv, target: y}}\n{CONFIG}")
    (tmp_path / "challenger.yaml").write_text(f"data: {{source: new.csv, target: y, {use}}}\n{CONFIG}")
    champion = RunFolder(run_of(program, "train", "champion.yaml"))
    challenger = RunFolder(run_of(program, "train", "challenger.yaml"))
    model = load_model(challenger, lambda text: None)
    tested = held_out_rows(model).data.dataset.file_rows[held_out_rows(model).split.test]
    stored = champion.read_trained_rows()
    assert stored is not None
    (tmp_path / "old.yaml").write_text(f"data: {{source: new.csv, target: y}}\n{CONFIG}")
    is_used = seen_rows(stored, load_experiment(tmp_path / "old.yaml").data).used
    result = same_rows_result(challenger, champion)
    assert result.details["left_out_rows"] == np.count_nonzero(is_used[tested])
    assert result.details["not_recognized"] == []


def test_a_class_that_the_earlier_run_does_not_know(program: Program, tmp_path: Path) -> None:
    """The new class is the first in the order; the earlier network is wrong about its rows, and only there
    for that.
    """
    write_table(tmp_path, 0, 60)
    champion = train(program, tmp_path, "champion")
    lines = [f"{number * 0.41:.2f},2024-05-{number % 30 + 1:02d},{'pqb'[number % 3]}" for number in range(90)]
    (tmp_path / "t.csv").write_text("\n".join(["a,day,y", *lines]) + "\n")
    challenger = train(program, tmp_path, "challenger")
    tested = [line.split(",") for line in (challenger.path / "predictions.csv").read_text().splitlines()[1:]]
    said = program("predict", "champion", "t.csv").out.splitlines()[1:]
    predicted = [line.split(",")[1] for line in said]
    hits = [predicted[int(row)] == label for row, label, *_ in tested]
    result = same_rows_result(challenger, champion)
    new = sum(label == "b" for _, label, *_ in tested)
    assert 0 < new < len(tested)
    assert result.details["other_value"] == pytest.approx(np.mean(hits))
    assert result.details["paired"]
    assert (
        f"{new} rows have a class that {champion.path} does not know, so it is wrong there" in result.message
    )
    assert same_rows_result(challenger, champion, "log_loss").passed
    done = program("report", "champion", "--not-worse-than", "challenger", "--same-rows")
    assert done.code == 2  # the other way round, probabilities of a class would be left over


def test_rows_are_not_recognized_by_other_groups(program: Program, tmp_path: Path) -> None:
    """Equal values of another column are no reason to leave rows out."""
    lines = [
        f"{number * 0.37:.2f},{number % 20},{number % 20},{'pq'[number % 3 // 2]}" for number in range(90)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,n,m,y", *lines]) + "\n")
    champion = train(program, tmp_path, "champion", "data.split.group=n")
    challenger = train(program, tmp_path, "challenger", "data.split.group=m")
    result = same_rows_result(challenger, champion)
    assert result.details["left_out_rows"] == 0
    assert result.details["not_recognized"] == [
        f"the rows have no groups by 'n', by which {champion.path} recognizes them"
    ]


def test_what_cannot_be_compared_is_said(program: Program, tmp_path: Path, messages: Messages) -> None:
    write_table(tmp_path, 0, 80)
    champion = train(program, tmp_path, "champion")
    everything = train(program, tmp_path, "everything", "data.split.test=0")
    later = train(program, tmp_path, "later", "data.split.seed=4")
    for run, former in ((later, everything), (everything, champion), (later, later)):
        with pytest.raises(UsageError) as caught:
            same_rows_result(run, former)
        messages.check(str(caught.value).replace(run.path.name, "RUN").replace(former.path.name, "FORMER"))
    done = program("report", "later", "--same-rows")
    assert done.code == 2
    messages.check(done.err)
    (champion.path / TRAINED_ROWS).unlink()
    result = same_rows_result(later, champion)
    assert result.details["left_out_rows"] == 0
    assert result.details["not_recognized"] == [
        f"{champion.path} has no trained_rows.npz, as runs of versions before 0.13"
    ]
    assert "not left out" in result.message
