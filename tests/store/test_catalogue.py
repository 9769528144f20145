from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import UsageError
from fnnctl.store.catalogue import find_run, is_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest
from tests.messages import Messages
from tests.store.faults import make_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


FIRST, LAST = (f"2026-01-01T00:00:00.00000{number}Z" for number in (0, 2))
AT_FIRST, AT_LAST = (f"2026-01-01T00-00-00Z-iris-00000{number}" for number in (0, 2))


@pytest.mark.parametrize(
    ("made", "latest"),
    [
        ([("c", FIRST, "completed"), ("a", LAST, "completed"), ("b", FIRST, "completed")], "a"),
        ([("b", FIRST, "completed"), ("c", FIRST, "completed"), ("a", FIRST, "completed")], "c"),
        ([("good", FIRST, "completed"), ("damaged", LAST, "odd")], "good"),
        ([(AT_FIRST, FIRST, "completed"), ("renamed", LAST, "completed")], "renamed"),
        ([(AT_FIRST, FIRST, "completed"), (AT_LAST, LAST, "odd")], AT_LAST),
    ],
    ids=["started last", "by name", "a whole run", "renamed", "damaged, but its name says when"],
)
def test_the_latest_run(runs: Path, made: list[tuple[str, str, str]], latest: str) -> None:
    for name, started, status in made:
        make_run(runs, name, started=started, status=status)
    assert find_run("latest", runs).path == runs / latest


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders whose manifests are read."""
    names: list[str] = []

    def read_manifest(run: RunFolder) -> Manifest:
        names.append(run.path.name)
        return original(run)

    original = RunFolder.read_manifest
    monkeypatch.setattr(RunFolder, "read_manifest", read_manifest)
    return names


def test_only_the_manifests_that_names_leave_open_are_read(runs: Path, reads: list[str]) -> None:
    for second in range(9):
        make_run_of(runs, "iris", f"2026-01-01T00-00-0{second}Z-iris-000000")
    last = make_run(runs, "2026-01-01T00-00-08Z-iris-000001", started="2026-01-01T00:00:08.000001Z")
    wanted = make_run_of(runs, "wine", "2025-01-01T00-00-00Z-wine-000000")
    assert find_run("wine", runs).path == wanted
    assert set(reads) == {wanted.name}
    reads.clear()
    make_run(runs, "renamed", started="2025-01-01T00:00:00.000000Z")
    assert find_run("latest", runs).path == last
    assert set(reads) == {"2026-01-01T00-00-08Z-iris-000000", last.name, "renamed"}


def test_a_run_by_path_name_prefix_and_slug(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole name wins over a longer one. A shell completes slugs, because it reads no manifests."""
    iris = make_run(runs, "2026-11-24T13-24-05Z-iris-3fa9c1")
    newest = make_run(runs, "2026-11-24T13-24-06Z-iris-000000")
    short = make_run(runs, "2026")
    assert find_run(str(iris), runs / "elsewhere").path == iris
    assert find_run(iris.name, runs).path == iris
    assert find_run("2026-11-24T13-24-05", runs).path == iris
    assert find_run("iris", runs).path == newest
    assert find_run("2026", runs).path == short
    monkeypatch.chdir(iris)
    assert find_run(".", runs).path.samefile(iris)


def test_latest_is_the_last_that_is_usable(runs: Path) -> None:
    """If none is, it is the last, whose command says why; a damaged run is no reason to use an older one."""
    first, second, third = (
        make_run_of(runs, "iris", f"2026-01-01T00-00-0{n}Z-iris-000000") for n in (1, 2, 3)
    )
    for text in ("latest", None):
        assert find_run(text, runs, lambda run: run.path in (first, second)).path == second
        assert find_run(text, runs, lambda run: False).path == third
    damaged = make_run(runs, "2026-01-02T00-00-00Z-iris-000001", status="odd")
    for text in (None, "iris"):
        assert find_run(text, runs, lambda run: run.path != damaged).path == damaged


def make_run_of(runs: Path, experiment: str, folder: str) -> Path:
    """A run of an experiment, started at the second in its folder's name."""
    started = f"{folder[:13]}:{folder[14:16]}:{folder[17:19]}.000000Z"
    made = make_run(runs, experiment, started=started)
    return made.rename(runs / folder)


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


def test_the_kinds_of_names_in_order(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_whether_a_text_names_a_run(runs: Path, tmp_path: Path) -> None:
    run = make_run(runs, "2026-01-01T00-00-00Z-iris-000000")
    (tmp_path / "iris.csv").write_text("")
    for text, expected in {
        "latest": True, "2026": True, str(run): True, run.name: True,
        str(tmp_path / "iris.csv"): False, str(tmp_path): False, "-": False, "a" * 5000: False,
    }.items():  # fmt: skip
        assert is_run(text, runs) is expected, text


@pytest.mark.parametrize(
    "text",
    [
        "iri", "irus", "wine.yaml", "2026-11-24T13-24-05Z-irus-3fa9c1", "2026-11-26T17-24-05Z-irus-000001",
        "xyz", "2026-11-24T13-24-05Z-rates-3fa9c1", "2026", "", "..", "no/such/path", "<folder>/data",
        "latest/ensemble", "latest/best", "wine/ensemble", "wines/ensemble", "wine/other",
        "/ensemble", "ensemble",
    ],
)  # fmt: skip
def test_a_run_that_cannot_be_found(runs: Path, tmp_path: Path, text: str, messages: Messages) -> None:
    make_run(runs, "2026-11-24T13-24-05Z-iris-3fa9c1")
    make_run(runs, "2026-11-25T13-24-05Z-iris-000001")
    make_run(runs, "2026-11-26T17-24-05Z-wine-000001", started="2026-11-26T17:24:05.000000Z")
    (tmp_path / "data").mkdir()
    with pytest.raises(UsageError) as caught:
        find_run(text.replace("<folder>", str(tmp_path)), runs)
    messages.check(caught.value)
    assert not is_run("latest/ensemble", runs)


@pytest.mark.parametrize("text", ["latest", "iris"])
def test_without_runs_it_says_how_to_make_one(runs: Path, text: str, messages: Messages) -> None:
    with pytest.raises(UsageError) as caught:
        find_run(text, runs)
    messages.check(caught.value)


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
