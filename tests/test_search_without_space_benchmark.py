"""The benchmark of searches without a space: contenders get the same rows, the report has what they did."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.recipe.tables import outer_folds, read_table
from tests.benchmarks.search_without_space import __main__, contenders
from tests.benchmarks.search_without_space.contenders import Machine, run, write_fold
from tests.benchmarks.search_without_space.peer import read_columns
from tests.benchmarks.search_without_space.report import report
from tests.benchmarks.search_without_space.results import (
    Key,
    Result,
    Score,
    Scores,
    Verdict,
    append,
    read_results,
)

ROOT = Path(__file__).parents[1]
STUB = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
from tests.benchmarks.search_without_space import peer

def train(module, task):
    assert (task.threads, task.seconds, task.categories) == (2, None, ["kind"])
    classes = sorted(set(task.targets), reverse=True)
    kinds = [classes.index("b" if value is None else "a") for value in task.test["kind"]]
    return peer.Trained(lambda: np.eye(2)[kinds] * 0.8 + 0.1, classes, lambda: 7)

peer.PEERS["catboost"] = peer.Peer("numpy", "numpy", train)
peer.main(sys.argv[3:])
"""
"""In place of an interpreter that has CatBoost."""


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A table whose class is b where the category is missing, except in ten rows; and one of numbers."""
    folder, rng = tmp_path / "tables", np.random.default_rng(0)
    folder.mkdir()
    lines = ["a,kind,y"]
    for row in range(60):
        label = "ab"[row % 2]
        kind = "" if (label == "b") != (row < 10) else "u"
        lines.append(f"{rng.normal():.3f},{kind},{label}")
    (folder / "classes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = "".join(f"{a:.4f},{a - b:.4f}\n" for a, b in rng.normal(size=(40, 2)))
    (folder / "numbers.csv").write_text(f"a,y\n{rows}", encoding="utf-8")
    return folder


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    file = tmp_path / "python"
    file.write_text(STUB, encoding="utf-8")
    file.chmod(0o755)
    return file


def test_a_fold_is_written_as_it_is_in_the_table(tables: Path, tmp_path: Path) -> None:
    table = read_table(tables / "classes.csv")
    header, *rows = (tables / "classes.csv").read_text(encoding="utf-8").splitlines()
    for fold in (0, 3):
        files = write_fold(table, fold, tmp_path)
        test = outer_folds(table.data).test_rows(0, fold).tolist()
        train = [k for k in range(60) if k not in test]
        for name, part in (("train", train), ("test", test)):
            written = (tmp_path / f"{name}.csv").read_text(encoding="utf-8").splitlines()
            assert written == [header, *(rows[k] for k in part)]
        assert (files.rows, files.test_rows) == (48, test)


def test_columns_are_numbers_if_they_are_in_both_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,z,y\n1,1,1\n,2,0\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("x,z,y\n2.5,two,1\n", encoding="utf-8")
    train, test = read_columns(tmp_path / "a.csv", tmp_path / "b.csv", texts=["y"])
    assert train["x"][0] == 1
    assert math.isnan(train["x"][1])
    assert test == {"x": [2.5], "z": ["two"], "y": ["1"]}
    assert (train["z"], train["y"]) == (["1", "2"], ["1", "0"])


def test_a_peer_is_a_command_of_its_own_interpreter(tables: Path, stub: Path, tmp_path: Path) -> None:
    """Of 12 test rows of fold 0, those of the first ten rows of the table are predicted wrongly."""
    files = write_fold(read_table(tables / "classes.csv"), 0, tmp_path)
    wrong = sum(row < 10 for row in files.test_rows)
    assert 0 < wrong < 6
    result = run("catboost", None, files, Machine(pythons={"catboost": str(stub)}))
    assert result.error is None
    assert result.scores is not None
    loss = -(wrong * math.log(0.1) + (12 - wrong) * math.log(0.9)) / 12
    assert result.scores.test.value == pytest.approx(1 - wrong / 12)
    assert result.scores.test.log_loss == pytest.approx(loss)
    assert (result.rows, result.test_rows, result.model_bytes) == (48, 12, 7)
    assert result.processor_seconds is not None
    assert result.processor_seconds > 0


def test_what_failed_is_tried_again_and_no_more(
    tables: Path, stub: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache.jsonl"
    words = ["run", "--tables", str(tables), "--cache", str(cache), "--only", "classes", "--folds", "1"]
    words += ["--contenders", "catboost,train", "--python", f"catboost={stub}"]
    text = stub.read_text(encoding="utf-8")
    stub.write_text(f"#!{sys.executable}\nraise SystemExit('no such library')\n", encoding="utf-8")
    __main__.main(words)
    keys = [Key("classes", 0, name, None) for name in ("catboost", "train")]
    first = read_results([cache])
    assert [first[key].error for key in keys] == ["exit code 1: no such library", None]
    default = first[keys[1]].scores
    assert default is not None
    assert default.out_of_bag is not None
    stub.write_text(text, encoding="utf-8")
    __main__.main(words)
    second = read_results([cache])
    assert second[keys[0]].error is None
    assert second[keys[1]] == first[keys[1]]
    assert len(cache.read_text(encoding="utf-8").splitlines()) == 3
    capsys.readouterr()
    __main__.main(["report", str(cache)])
    assert "FAILED" not in (said := capsys.readouterr().out)
    assert "train − catboost" in said


def test_a_regression_is_scored_by_r2(tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write_fold(read_table(tables / "numbers.csv"), 1, tmp_path)

    def command(words: list[str], *rest: object) -> dict[str, float]:
        assert words[-4:] == ["--threads", "2", "--seconds", "5.0"]
        np.savez(tmp_path / "predicted.npz", estimates=np.full((8, 1), files.targets.mean()))
        (tmp_path / "told.json").write_text("{}", encoding="utf-8")
        return {"seconds": 1.0}

    monkeypatch.setattr(contenders, "_command", command)
    result = run("autogluon", 5.0, files, Machine())
    assert (result.is_classification, result.key.limit, result.seconds) == (False, 5.0, 1.0)
    assert result.scores is not None
    assert result.scores.test.value == pytest.approx(0)
    assert result.scores.test.log_loss is None


def result(
    table: str, contender: str, accuracy: float, *, fold: int = 0, limit: float | None = None
) -> Result:
    scores = Scores(Score(accuracy, 1 - accuracy))
    return Result(Key(table, fold, contender, limit), True, 100, scores=scores)


def results() -> list[Result]:
    """The search is better than `train` on both tables, and better than CatBoost on b alone."""
    found = []
    for table, shift in (("a", 0.0), ("b", 0.125)):
        for limit, gain in ((5.0, 0.0), (60.0, 0.125 + shift)):
            searched = result(table, "search", 0.625 + gain, limit=limit)
            assert searched.scores is not None
            scores = replace(
                searched.scores, out_of_bag=Score(0.8125 + shift, 0.5), nested=Score(log_loss=0.5 - shift)
            )
            found.append(replace(searched, scores=scores, best=Scores(Score(0.5, 0.5))))
        found.append(result(table, "train", 0.625 - shift))
        found.append(result(table, "catboost", 0.875 - shift))
    return found


def read_again(results: list[Result], file: Path) -> list[Result]:
    for each in results:
        append(file, each)
    with file.open("a", encoding="utf-8") as last:
        last.write('{"key": ')
    return [*read_results([file]).values()]


def said(results: list[Result], limit: float) -> set[str]:
    return {" ".join(line.split()) for line in report(results, limit)}


def test_the_report_says_what_the_results_are(tmp_path: Path) -> None:
    read = read_again(results(), tmp_path / "cache")
    assert read == results()
    assert {
        "search 2 2 0.8125 0.1875 – – – –",
        "search, best trial 2 2 0.5000 0.5000 – – – –",
        "oracle 2 2 0.8750 0.1250 – – – –",
        "search − catboost +0.00 [-158.83, +158.83] 1/1 +0.0000 [-1.5883, +1.5883] 1/1 a -12.5",
        "search − train +25.00 [-133.83, +183.83] 2/0 -0.2500 [-1.8383, +1.3383] 2/0 a +12.5",
        "train − catboost -25.00 [-25.00, -25.00] 0/2 +0.2500 [+0.2500, +0.2500] 0/2 a -25.0",
        "search: out-of-bag +6.25 [+6.25, +6.25]",
        "search: nested +0.2500 [+0.2500, +0.2500]",
        "curve over 2 tables, 2 folds",
        "search 0.6250 0.8125",
        "train 0.5625 0.5625",
        "search − train +6.25 [-73.16, +85.66] +25.00 [-133.83, +183.83]",
    } <= said(read, 60.0)


def test_a_verdict_is_judged_by_the_other_folds(tmp_path: Path) -> None:
    """On a the search is better on fold 0, and on b worse there; on fold 1 it is the other way round."""
    found = []
    for table, signs in (("a", (1, -1)), ("b", (-1, 1))):
        for fold, sign in enumerate(signs):
            searched = result(table, "search", 0.5 + 0.25 * sign, fold=fold, limit=5.0)
            verdict = "better" if sign > 0 else "tie"
            found.append(replace(searched, verdict=Verdict("loss", verdict)))
            found.append(result(table, "train", 0.5, fold=fold))
    found[0] = replace(found[0], verdict=Verdict("f1_macro", "better"))
    read = read_again(found, tmp_path / "cache")
    assert read == found
    assert {"it says: better 0 0 1", "it says: tie 2 0 0"} <= said(read, 5.0)
