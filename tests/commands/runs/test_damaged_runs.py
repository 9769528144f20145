"""A run with a damaged or odd manifest or metrics never breaks a list, and a report names the file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.cli import run
from tests.program import read_json
from tests.runs.searching import write_config

Place = tuple[str | int, ...]

ODD = st.sampled_from(
    [None, True, -1, 0, 2.5, 1e308, 10**18, 10**309, "text", "", "NaN", [], [1], ["a", None], [[1, 2]], {},
     {"a": 1}, {"mean": "x"}]
)  # fmt: skip
LISTS = (
    ["runs"],
    ["runs", "--json"],
    ["runs", "--where", "accuracy>=0", "--sort", "-r2", "--columns", "metric,accuracy,config.seed"],
    ["runs", "prune", "--where", "accuracy>0.1"],
)
SETTINGS = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of each kind, without digests, so that metrics are damaged and not only changed."""
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "runs").mkdir()
    training = "training: {epochs: 2}\nevaluation: {cross_validation: {folds: 2, repeats: 1}}\n"
    for source in ("iris", "diabetes"):
        data = f"data: {{source: {source}, split: {{seed: 1}}}}\n"
        (folder / f"{source}.yaml").write_text(f"recipe: classic\n{data}model: {{hidden: [4]}}\n{training}")
    write_config(folder / "searched.yaml", search={"trials": 2})
    commands = (("train", "iris"), ("train", "diabetes"), ("evaluate", "iris"), ("search", "searched"))
    for seed in "12":
        for command, name in commands:
            options = ["--seed", seed, "--name", f"{command}-{name}", "--no-figures", "--quiet"]
            place = [str(folder / f"{name}.yaml"), "--runs-dir", str(folder / "runs")]
            assert run([command, *place, *options]) == 0
    for file in folder.rglob("manifest.json"):
        file.write_text(json.dumps({**read_json(file), "sha256": {}}))
    return folder / "runs"


def places(value: Any, outer: Place = ()) -> Iterator[Place]:
    """The places inside a JSON value; only the first two of a list."""
    inside = value.items() if isinstance(value, dict) else enumerate(value[:2])
    for key, entry in inside:
        yield (*outer, key)
        if isinstance(entry, dict | list):
            yield from places(entry, (*outer, key))


def damage(file: Path, data: st.DataObject) -> None:
    content = read_json(file)
    place = data.draw(st.sampled_from(sorted(places(content), key=lambda place: (len(place), str(place)))))
    owner: Any = content
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = data.draw(ODD)
    file.write_text(json.dumps(content))


@SETTINGS
@given(data=st.data())
def test_one_damaged_run_breaks_no_list_and_no_report(
    runs: Path, capfd: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    files = sorted([*runs.rglob("manifest.json"), *runs.rglob("metrics.json")])
    file = data.draw(st.sampled_from(files))
    damaged = runs / file.relative_to(runs).parts[0]
    slug = damaged.name.split("Z-")[1].rpartition("-")[0]
    (other,) = (path for path in runs.glob(f"*{slug}*") if path != damaged)
    before = file.read_bytes()
    damage(file, data)
    try:
        for arguments in LISTS:
            code = run([*arguments, "--runs-dir", str(runs)])
            assert (code, arguments) == (0, arguments), capfd.readouterr()
        report = ["report", str(damaged), "--no-figures"]
        compare = ["compare", str(damaged), str(other)]
        formats = st.sampled_from(["--verbose", "--json", "--format=html", "--format=markdown"])
        for arguments in ([*report, data.draw(formats)], compare):
            capfd.readouterr()
            code, captured = run(arguments), capfd.readouterr()
            assert code in (0, 2), captured
            assert code == 0 or str(damaged) in captured.out + captured.err
    finally:
        file.write_bytes(before)


@pytest.mark.parametrize("name", ["manifest.json", "metrics.json"])
def test_a_number_that_no_float_can_hold_is_damage(
    runs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    copy = Path(shutil.copytree(runs, tmp_path / "runs"))
    damaged = next(copy.glob("*train-iris*"))
    content = read_json(damaged / name)
    for number in ("1" + "0" * 309, "1e309", "1" + "0" * 400 + ".5", "Infinity"):
        (damaged / name).write_text(json.dumps({**content, "seed": 4711}).replace("4711", number))
        capfd.readouterr()
        assert run(["runs", "--runs-dir", str(copy)]) == 0
        assert f"{name}: is damaged" in capfd.readouterr().err
        assert run(["report", str(damaged)]) == 2
        assert f"{name}: is damaged" in capfd.readouterr().err
