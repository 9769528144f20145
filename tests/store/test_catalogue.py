from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnnctl.errors import UsageError
from fnnctl.store.catalogue import find_run, is_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def make_run(
    runs: Path, name: str, *, started: str = "2026-01-01T00:00:00.000000Z", status: str = "completed"
) -> Path:
    """A run folder with this name and these facts in its manifest."""
    folder = runs / name
    folder.mkdir(parents=True)
    manifest = {"status": status, "kind": "train", "name": name, "started": started}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_latest_is_the_run_started_last(runs: Path) -> None:
    make_run(runs, "c", started="2026-01-01T00:00:00.000000Z")
    latest = make_run(runs, "a", started="2026-01-01T00:00:00.000002Z")
    make_run(runs, "b", started="2026-01-01T00:00:00.000001Z")
    assert find_run("latest", runs).path == latest


def test_latest_goes_by_name_where_times_are_equal(runs: Path) -> None:
    for name in ("b", "c", "a"):
        make_run(runs, name)
    assert find_run("latest", runs).path == runs / "c"


def test_latest_is_a_whole_run(runs: Path) -> None:
    make_run(runs, "good")
    make_run(runs, "damaged", started="2027-01-01T00:00:00.000000Z", status="odd")
    assert find_run("latest", runs).path == runs / "good"


def test_latest_reads_only_the_manifests_that_names_leave_open(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in range(20):
        started = f"2026-01-01T00:00:{second:02}.000000Z"
        make_run(runs, f"{started[:19].replace(':', '-')}Z-iris-000000", started=started)
    last = make_run(runs, "2026-01-01T00-00-19Z-iris-000001", started="2026-01-01T00:00:19.000001Z")
    make_run(runs, "renamed", started="2025-01-01T00:00:00.000000Z")
    reads: list[str] = []

    def read_manifest(run: RunFolder) -> Manifest:
        reads.append(run.path.name)
        return original(run)

    original = RunFolder.read_manifest
    monkeypatch.setattr(RunFolder, "read_manifest", read_manifest)
    assert find_run("latest", runs).path == last
    assert set(reads) == {"2026-01-01T00-00-19Z-iris-000000", last.name, "renamed"}


def test_latest_may_be_a_run_that_was_renamed_or_is_damaged(runs: Path) -> None:
    make_run(runs, "2026-01-01T00-00-00Z-iris-000000")
    renamed = make_run(runs, "a", started="2026-01-01T00:00:00.000001Z")
    assert find_run("latest", runs).path == renamed
    damaged = make_run(runs, "2026-01-01T00-00-00Z-iris-000001", status="odd")
    assert find_run("latest", runs).path == damaged


def test_a_run_by_path_name_and_prefix(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    iris = make_run(runs, "2026-11-24T13-24-05Z-iris-3fa9c1")
    make_run(runs, "2026-11-24T13-24-06Z-iris-000000")
    assert find_run(str(iris), runs / "elsewhere").path == iris
    assert find_run(iris.name, runs).path == iris
    assert find_run("2026-11-24T13-24-05", runs).path == iris
    monkeypatch.chdir(iris)
    assert find_run(".", runs).path.samefile(iris)


def test_latest_is_the_last_that_is_usable(runs: Path) -> None:
    second = "2026-01-01T00-00-0{}Z-iris-00000{}".format
    usable = [make_run(runs, second(n, n), started=f"2026-01-01T00:00:0{n}.000000Z") for n in (1, 2)]
    make_run(runs, second(3, 3), started="2026-01-01T00:00:03.000000Z")
    for text in ("latest", None):
        assert find_run(text, runs, lambda run: run.path in usable).path == usable[1]
    assert find_run(None, runs).path == runs / second(3, 3)


def test_if_no_run_is_usable_the_last_is_found_whose_command_says_why(runs: Path) -> None:
    make_run(runs, "a")
    last = make_run(runs, "b")
    assert find_run(None, runs, lambda run: False).path == last


def test_a_damaged_run_is_no_reason_to_use_an_older_one(runs: Path) -> None:
    make_run(runs, "2026-01-01T00-00-00Z-iris-000000")
    damaged = make_run(runs, "2026-01-02T00-00-00Z-iris-000001", status="odd")
    for text in (None, "iris"):
        assert find_run(text, runs, lambda run: run.path != damaged).path == damaged


def make_run_of(runs: Path, name: str, folder: str) -> Path:
    """A run of the experiment `name`, started at the second in its folder's name."""
    made = make_run(runs, folder, started=f"{folder[:13]}:{folder[14:16]}:{folder[17:19]}.000000Z")
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**manifest, "name": name}))
    return made


def test_an_experiments_name_is_its_newest_run(runs: Path) -> None:
    older = make_run_of(runs, "Iris, wide", "2026-01-01T00-00-00Z-iris-wide-000002")
    newest = make_run_of(runs, "Iris, wide", "2026-01-02T00-00-00Z-iris-wide-000001")
    other = make_run_of(runs, "Iris (wide)", "2026-01-03T00-00-00Z-iris-wide-000000")
    make_run_of(runs, "iris", "2026-01-04T00-00-00Z-iris-000000")
    assert find_run("Iris, wide", runs).path == newest
    assert find_run("Iris, wide", runs, lambda run: run.path == older).path == older
    assert find_run("Iris, wide", runs, lambda run: False).path == newest
    assert find_run("Iris (wide)", runs).path == other
    with pytest.raises(UsageError, match=r"there is no run 'Iris' .*"):
        find_run("Iris", runs)
    renamed = newest.rename(runs / "mine")
    assert find_run("Iris, wide", runs).path == renamed


def test_the_kinds_of_names_in_their_order(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path, a folder's name, an experiment's name, a prefix, and only then `latest`."""
    monkeypatch.chdir(tmp_path)
    newest = make_run(runs, "2027-01-01T00-00-00Z-iris-000000", started="2027-01-01T00:00:00.000000Z")
    assert find_run("latest", runs).path == newest
    prefixed = make_run(runs, "latest-but-one")
    assert find_run("latest", runs).path == prefixed
    of_experiment = make_run_of(runs, "latest", "2026-01-01T00-00-00Z-latest-000000")
    assert find_run("latest", runs).path == of_experiment
    of_folder = make_run(runs, "latest")
    assert find_run("latest", runs).path == of_folder
    path = make_run(tmp_path, "latest")
    assert find_run("latest", runs).path == path.relative_to(tmp_path)
    assert find_run(None, runs).path == newest


def test_other_experiments_runs_are_not_read(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        make_run_of(runs, "iris", f"2026-01-01T00-00-0{number}Z-iris-000000")
    wanted = make_run_of(runs, "wine", "2025-01-01T00-00-00Z-wine-000000")
    reads: list[str] = []
    original = RunFolder.read_manifest

    def read_manifest(run: RunFolder) -> Manifest:
        reads.append(run.path.name)
        return original(run)

    monkeypatch.setattr(RunFolder, "read_manifest", read_manifest)
    assert find_run("wine", runs).path == wanted
    assert set(reads) == {wanted.name}


def test_whether_a_text_names_a_run(runs: Path, tmp_path: Path) -> None:
    run = make_run(runs, "2026-01-01T00-00-00Z-iris-000000")
    (tmp_path / "iris.csv").write_text("")
    for text, expected in {
        "latest": True, "2026": True, str(run): True, run.name: True,
        str(tmp_path / "iris.csv"): False, str(tmp_path): False, "-": False, "a" * 5000: False,
    }.items():  # fmt: skip
        assert is_run(text, runs) is expected, text


def test_a_whole_name_wins_over_a_longer_one(runs: Path) -> None:
    make_run(runs, "run")
    make_run(runs, "run-2")
    assert find_run("run", runs).path == runs / "run"


def test_an_ambiguous_prefix_lists_what_it_could_mean(runs: Path) -> None:
    for name in ("2026-a", "2026-b", "2025-c"):
        make_run(runs, name)
    with pytest.raises(UsageError, match=r"'2026' matches more than one run in .*: 2026-a, 2026-b$"):
        find_run("2026", runs)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("iri", "2026-11-25T13-24-05Z-iris-000001"),
        ("irus", "iris"),
        ("2026-11-24T13-24-05Z-irus-3fa9c1", "2026-11-24T13-24-05Z-iris-3fa9c1"),
        ("2026-11-26T17-24-05Z-irus-000001", "2026-11-25T13-24-05Z-iris-000001"),
    ],
)
def test_an_unknown_run_has_a_suggestion(runs: Path, text: str, suggestion: str) -> None:
    make_run(runs, "2026-11-24T13-24-05Z-iris-3fa9c1")
    make_run(runs, "2026-11-25T13-24-05Z-iris-000001")
    make_run(runs, "2026-11-26T17-24-05Z-wine-000001")
    with pytest.raises(UsageError, match=f"there is no run '{text}' in .* \\(did you mean '{suggestion}'"):
        find_run(text, runs)


def test_an_unlike_name_is_referred_to_the_list(runs: Path) -> None:
    make_run(runs, "2026-11-24T13-24-05Z-iris-3fa9c1")
    for text in ("xyz", "2026-11-24T13-24-05Z-wine-3fa9c1"):
        with pytest.raises(UsageError, match=rf"there is no run '{text}' in .*; `fnnctl runs` lists them$"):
            find_run(text, runs)


def test_the_slug_of_a_name_finds_the_newest_run(runs: Path) -> None:
    """A shell completes it, because it reads no manifests."""
    make_run(runs, "2026-11-24T13-24-05Z-three-irises-3fa9c1")
    newest = make_run(runs, "2026-11-25T13-24-05Z-three-irises-000001")
    assert find_run("three-irises", runs).path == newest


@pytest.mark.parametrize("text", ["", "..", "/", "no/such/path", "a" * 5000])
def test_what_can_be_no_run_is_a_usage_error(runs: Path, text: str) -> None:
    make_run(runs, "a")
    make_run(runs, "b")
    with pytest.raises(UsageError):
        find_run(text, runs)


def test_a_folder_that_is_no_run_is_reported(runs: Path, tmp_path: Path) -> None:
    make_run(runs, "a")
    (tmp_path / "data").mkdir()
    with pytest.raises(UsageError, match=r"and no folder of that name that contains manifest\.json"):
        find_run(str(tmp_path / "data"), runs)


@pytest.mark.parametrize("text", ["latest", "iris"])
def test_without_runs_it_says_how_to_make_one(runs: Path, text: str) -> None:
    with pytest.raises(
        UsageError, match=r"there is no run in the folder '.*runs' yet; `fnnctl train` makes one"
    ):
        find_run(text, runs)


def test_hidden_folders_other_folders_files_and_links_are_no_runs(runs: Path, tmp_path: Path) -> None:
    run = make_run(runs, "run")
    make_run(runs, ".new-123")
    outside = make_run(tmp_path, "outside")
    (runs / "link").symlink_to(outside)
    (runs / "notes").mkdir()
    (runs / "file.txt").write_text("")
    assert find_run("latest", runs).path == run
    with pytest.raises(UsageError):
        find_run("link", runs)


@pytest.mark.parametrize("part", ["best", "ensemble", "default"])
@pytest.mark.parametrize("ending", ["", "/"])
def test_the_runs_inside_a_search_are_named_after_it(runs: Path, part: str, ending: str) -> None:
    older = make_run(runs, "2026-01-01T00-00-00Z-iris-000001")
    inside = make_run(older, part)
    make_run(runs, "other", started="2027-01-01T00:00:00.000000Z")
    for name in ("latest", older.name, "2026-01", str(older)):
        assert find_run(f"{name}/{part}{ending}", runs).path == inside
    assert is_run(f"latest/{part}", runs)


def test_an_experiment_gives_the_ensemble_of_its_newest_search_that_has_one(runs: Path) -> None:
    for second, has_ensemble in enumerate((True, True, False)):
        started = f"2026-01-01T00:00:0{second}.000000Z"
        run = make_run(runs, "rates", started=started)
        if has_ensemble:
            make_run(run, "ensemble")
        run.rename(runs / f"run-{second}")
    assert find_run("rates/ensemble", runs).path == runs / "run-1" / "ensemble"


def test_a_search_that_has_no_ensemble(runs: Path) -> None:
    run = make_run(runs, "rates")
    for name in ("latest", "rates", str(run)):
        with pytest.raises(UsageError, match=r"rates has no ensemble; set search\.ensemble"):
            find_run(f"{name}/ensemble", runs)
    with pytest.raises(UsageError, match="rates has no refitted winner"):
        find_run("latest/best", runs)
    assert not is_run("latest/ensemble", runs)


def test_what_stands_before_a_part_must_be_a_run(runs: Path) -> None:
    make_run(runs, "rates")
    for name in ("rats/ensemble", "rates/other", "/ensemble", "ensemble"):
        with pytest.raises(UsageError, match="there is no run"):
            find_run(name, runs)
