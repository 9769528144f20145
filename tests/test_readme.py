"""The README and the documents that it links are correct: commands run, YAML trains, messages are real."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from fnnctl.cli import run
from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.schema.lookups import forms_at, settings_named
from fnnctl.config.schema.records import records_by_path
from fnnctl.text import install_command
from tests.documented_output import BAD_CONFIG, shell_commands, shown_output, with_outputs
from tests.documented_output import DOCUMENTS as DOCUMENTED
from tests.preloaded import DRAW_NOTHING
from tests.reference_pages import PAGES, TABLES, with_tables

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS}
PACKAGED = "plugins.md"
"""This page needs the package that it shows; `test_plugins_page.py` installs it, and runs the page."""


def blocks(language: str, *documents: str) -> list[str]:
    """The code blocks in this language of these documents, or of all."""
    pattern = rf"^```{language}\n(.*?)^```"
    return [
        block
        for name in documents or (name for name in TEXTS if name != PACKAGED)
        for block in re.findall(pattern, TEXTS[name], re.MULTILINE | re.DOTALL)
    ]


def commands(document: str) -> list[str]:
    can_write_onnx = find_spec("onnx") is not None
    return [line for line in shell_commands(TEXTS[document]) if can_write_onnx or ".onnx" not in line]


FEWER_TRIALS = {
    "fnnctl search --time-limit 60": "--max-trials 3",
    "fnnctl search configs/penguins-random.yaml --set search.trials=10": "--set search.trials=3",
    "fnnctl search --resume latest --set search.trials=20": "--set search.trials=5",
}
"""What the test adds to a search of a document, whose trials took a fifth of the time of all documents."""


RunShell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_shell(preloaded: Path) -> RunShell:
    """Runs a shell whose `fnnctl` is this one."""
    path = os.pathsep.join([str(preloaded.parent), os.environ["PATH"]])

    def run_script(arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": path, DRAW_NOTHING: "1", **variables}
        return subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment)

    return run_script


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the configs in it."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("document", [name for name in TEXTS if name != PACKAGED and commands(name)])
@pytest.mark.usefixtures("folder")
def test_commands_run_and_print_what_is_shown(
    document: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    if document != "reports.md":  # one document with figures is enough: they take the longest
        request.getfixturevalue("no_figures")
    outputs = {}
    for line in commands(document):
        capsys.readouterr()
        arguments = shlex.split(f"{line} {FEWER_TRIALS.get(line, '')}", comments=True)
        assert run(arguments[1:]) == 0, line
        printed = capsys.readouterr()
        outputs[line] = shown_output(printed.out, printed.err)
    if document in {path.name for path in DOCUMENTED}:
        made = with_outputs(TEXTS[document], outputs)
        assert words(TEXTS[document]) == words(made), "write it: python -m tests.reference_pages"
        assert numbers(TEXTS[document]) == pytest.approx(numbers(made), rel=0.1, abs=0.05)


@pytest.mark.parametrize("text", blocks("python", "python.md"), ids=lambda text: text.splitlines()[-1][:30])
@pytest.mark.usefixtures("folder")
@pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")
def test_python_runs(text: str) -> None:
    exec(compile(text, "python.md", "exec"), {})


@pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")
@pytest.mark.parametrize(
    "text", blocks("python", "scikit-learn.md"), ids=lambda text: text.splitlines()[-1][:30]
)
def test_estimators_run(text: str) -> None:
    pytest.importorskip("sklearn")
    exec(compile(text, "scikit-learn.md", "exec"), {})


@pytest.mark.parametrize("text", blocks("yaml"))
@pytest.mark.usefixtures("no_figures")
def test_yaml_trains(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("configs").symlink_to(ROOT / "configs")  # which an example extends
    Path("readme.yaml").write_text(text, encoding="utf-8")
    assert run(["train", "readme.yaml", "--quiet", "--set", "training.epochs=1"]) == 0


def test_the_script_for_ci_runs(folder: Path, run_shell: RunShell) -> None:
    """It parses the JSON of its commands, and ends with the code of the first one that fails."""
    script = ["sh", str(ROOT / "docs" / "ci.sh"), "runs", "results"]
    result = run_shell(script)
    assert result.returncode == 0, result.stderr
    assert re.search(r"^the search's winner .* (better|worse|a tie) ", result.stdout, re.MULTILINE)
    (suite,) = ElementTree.parse(folder / "results" / "gates.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")
    assert (folder / "results" / "summary.md").read_text().startswith("# ")
    config = folder / "configs" / "wine.yaml"
    text = config.read_text()
    config.write_text(text.replace("training:\n", "training:\n  epochs: 1\n"))
    assert run_shell(script).returncode == 1, "the gates are missed"
    config.write_text(text.replace("hidden:", "hiden:"))
    assert run_shell(script).returncode == 2


QUICK = "recipe: classic\nmodel: {hidden: [4]}\ntraining: {epochs: 5}\n"


def champions() -> list[str]:
    """The runs that were promoted, the newest last."""
    entries = json.loads(Path("runs/promoted.json").read_text())["promotions"]
    assert {entry["name"] for entry in entries} == {"champion"}
    return [entry["run"] for entry in entries]


def is_trained_on(run: str) -> bool:
    """Whether the training began with the network of another run."""
    return "warm_start: null" not in Path("runs", run, "resolved.yaml").read_text()


def test_the_nightly_script_runs_over_some_nights(folder: Path, run_shell: RunShell) -> None:
    """The champion is trained on, and replaced by what passes the gate; it survives a step that fails."""
    header, *trees = (folder / "configs" / "own-data.csv").read_text().splitlines()

    def write(name: str, lines: list[str]) -> None:
        Path(f"{name}.csv").write_text("\n".join([header, *lines, ""]))

    write("table", trees[:70])
    write("new", trees[70:100])
    write("newer", trees[100:130])
    write("newest", trees[130:])
    write("shifted", [re.sub(r",(\d+\.\d),", r",100\1,", line) for line in trees[100:130]])
    write("rows", trees[:3])
    script = ["sh", str(ROOT / "docs" / "nightly.sh"), "table.csv", "harvest"]
    nothing = run_shell([*script, "missing.csv", "rows.csv", "0.5"])
    assert nothing.returncode == 2, "on the first night the experiment is written"
    assert not Path("runs", "promoted.json").exists()
    experiment = Path("fnnctl.yaml").read_text()
    Path("fnnctl.yaml").write_text(re.sub("^recipe: default.*", QUICK, experiment, flags=re.MULTILINE))

    first = run_shell([*script, "new.csv", "rows.csv", "0.9"])
    assert first.returncode == 0, first.stderr
    predictions = folder / "results" / "predictions.csv"
    predictions.unlink()
    write("table", trees[:100])
    second = run_shell([*script, "newer.csv", "rows.csv", "0.9"])
    assert second.returncode == 0, second.stderr
    assert "no column has shifted" in second.stderr
    assert "shown to be less than" in second.stdout
    assert "not paired" not in second.stdout
    assert len(predictions.read_text().splitlines()) == 4
    assert [is_trained_on(run) for run in champions()] == [False, True]

    before = champions()
    third = run_shell([*script, "shifted.csv", "rows.csv", "0"])
    assert third.returncode == 1, third.stderr
    assert third.stdout.startswith("missed: accuracy is")
    (suite,) = ElementTree.parse(folder / "results" / "gate.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert (folder / "results" / "summary.md").read_text().startswith("# table")
    latest = max(path.name for path in Path("runs").glob("*Z-table-[0-9a-f]*"))
    assert not is_trained_on(latest), "rows that are unlike the champion's"
    for arguments in (["newest.csv", "rows.csv", "-1"], ["missing.csv", "rows.csv", "1"], ["newest.csv"]):
        assert run_shell([*script, *arguments]).returncode == 2
    assert champions() == before

    predictions.unlink()
    write("table", trees[:130])
    with ThreadPoolExecutor(2) as pool:
        nights = list(pool.map(run_shell, [[*script, "newest.csv", "rows.csv", "0.9"]] * 2))
    assert [night.returncode for night in nights] == [0, 0], [night.stderr for night in nights]
    assert len({*champions()}) == 4, "nothing is lost"
    assert len(predictions.read_text().splitlines()) == 4


def test_the_workflow_runs(folder: Path, run_shell: RunShell) -> None:
    """Its commands, for the iris experiment."""
    workflow = yaml.safe_load((ROOT / "docs" / "workflow.yml").read_text())
    (folder / "configs" / "iris.yaml").rename("fnnctl.yaml")
    steps = [step["run"] for step in workflow["jobs"]["train"]["steps"] if "run" in step]
    lines = [line for line in steps if line.startswith("fnnctl ")]
    assert [line for line in steps if line not in lines] == ['pip install "$FNNCTL"'], (
        "not the user's project"
    )
    assert workflow["env"]["FNNCTL"].startswith("git+https://")
    result = run_shell(["sh", "-ec", "\n".join(lines)], GITHUB_STEP_SUMMARY="summary.md")
    assert result.returncode == 0, result.stderr
    assert (folder / "summary.md").read_text().startswith("# ")


LIBRARIES = ("dask", "parquet", "sklearn", "onnx", "mlflow", "excel")
"""The extras whose first library is named on a page, in a line that installs it."""


def test_installing_lines_work_in_the_environment_of_the_readme() -> None:
    """It has pip; fnnctl itself is in no package index, and is installed from its folder."""
    (quick, _), *_ = (block.splitlines() for block in blocks("sh", "README.md"))
    assert quick == "python3 -m venv .venv && . .venv/bin/activate && pip install --quiet ."
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    first = [re.split("[^a-z-]", extras[name][0])[0] for name in LIBRARIES]
    libraries = [library.removesuffix("-skinny") for library in first]
    texts = "\n".join(TEXTS.values())
    assert "--without-pip" not in texts
    installed = re.findall(r"pip install (?:--quiet )?([^\s`]+)", texts)
    assert {*installed} == {".", "'.[test]'", "'.[docs]'", *libraries}
    for library in libraries:
        assert re.search(rf"pip install .*{library}$", install_command(library))


def test_the_searches_with_fewer_trials_are_those_of_the_documents() -> None:
    assert {*FEWER_TRIALS} <= {line for document in TEXTS for line in commands(document)}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_program_is_up_to_date(name: str) -> None:
    assert TEXTS[name] == PAGES[name](), "write it: python -m tests.reference_pages"


@pytest.mark.parametrize("name", TABLES)
def test_tables_made_from_the_program_are_up_to_date(name: str) -> None:
    assert TEXTS[name] == with_tables(TEXTS[name], TABLES[name]), "write it: python -m tests.reference_pages"


def words(text: str) -> list[str]:
    """The words of a text without paths and numbers; a wrapped line is as good as a long one."""
    without_paths = re.sub(r"runs/\S+", "runs", text)
    return re.sub(r"[-+−]?\d[\d.,:]*(e-\d+)?", "0", without_paths).split()


def numbers(text: str) -> list[float]:
    """The decimal numbers of a text."""
    return [float(number) for number in re.findall(r"\d+\.\d+", text)]


def test_messages_are_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(BAD_CONFIG)
    assert run(["check", "bad.yaml"]) == 2
    printed = capsys.readouterr().out.splitlines()
    lines = [line for block in blocks("text") for line in block.splitlines() if line.startswith("bad.yaml:")]
    assert lines == printed


def test_predictions_are_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Texts, notes, and numbers except for their last digits, which depend on the processor."""
    (rows,) = blocks("csv")
    examples = [block for block in blocks("text") if block.startswith("$ fnnctl predict")]
    monkeypatch.chdir(tmp_path)
    Path("trees.csv").write_text(rows)
    assert run(["train", str(ROOT / "configs" / "own-csv.yaml"), "--quiet"]) == 0
    capsys.readouterr()
    for block in examples:
        command, *lines = block.splitlines()
        assert run(shlex.split(command)[2:]) == 0
        printed = capsys.readouterr()
        output = [*printed.err.splitlines(), *printed.out.splitlines()]
        for line, expected in zip(output, lines, strict=True):
            assert re.sub(r"\d\.\d+", "", line) == re.sub(r"\d\.\d+", "", expected)
            numbers, in_document = ([*map(float, re.findall(r"\d\.\d+", text))] for text in (line, expected))
            assert numbers == pytest.approx(in_document, abs=1e-3)
    assert len(examples) == 3
    Path("trees.csv").write_text(rows.replace("2.6", "tall"))
    assert run(["predict", "latest", "trees.csv"]) == 2
    assert f"`{capsys.readouterr().err.splitlines()[-1]}`" in TEXTS["predictions.md"]


def test_what_is_said_about_a_table_is_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first lines of a description, and what `init` decides."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    for start in ("$ fnnctl describe", "$ fnnctl init"):
        (example,) = {block for block in blocks("text") if block.startswith(start)}
        command, *lines = example.splitlines()
        assert run(shlex.split(command)[2:]) == 0
        printed = capsys.readouterr()
        assert (printed.out or printed.err).splitlines()[: len(lines)] == lines


def test_a_plan_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Compares the part of the plan that the README shows."""
    (example,) = (block for block in blocks("text") if block.startswith("$ fnnctl plan"))
    command, *lines = example.splitlines()
    words = shlex.split(command)[2:]
    assert run([words[0], str(ROOT / words[1])]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in printed[: len(lines)]] == lines


CHOICES = {
    "model.activation", "model.initialization", "model.initial_biases", "model.normalization",
    "model.numeric_embedding", "model.output", "training.optimizer", "training.lr_schedule",
    "training.averaging",
}  # fmt: skip
"""The settings whose choices the pages on networks and training explain."""


def test_all_settings_and_choices_are_explained_and_spelled_as_in_the_config() -> None:
    pages = {name: text for name, text in TEXTS.items() if name not in {"settings.md", "changelog.md"}}
    words = set(re.findall(r"`([\w.]+)`", "\n".join(pages.values())))
    for path in CHOICES:
        choices = {choice for form in forms_at(parse_path(path), {}) for choice in form.words}
        assert choices <= words, path
    settings = {format_path(path) for path in records_by_path()}
    sections = {path.partition(".")[0] for path in settings if "." in path}
    for word in words:
        section, *names = word.split(".")
        if section in sections and names and names[-1] not in {"csv", "md", "png", "yaml", "npz", "json"}:
            assert settings_named(names[-1]), word
    top = {path for path in settings if path.count(".") == 1 and not path.startswith("data.")}
    machine = {"batch_size", "shuffle", "precision", "threads"}
    text = "\n".join(pages.values())
    unexplained = {path for path in top if path.rpartition(".")[2] not in machine and path not in text}
    assert not unexplained, "name them on a page of the documentation"


def test_linked_files_exist() -> None:
    """Links are relative to their document; a part of a document is named as GitHub names it."""
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)]+)\)", TEXTS[path.name]):
            file, _, part = target.partition("#")
            linked = path.parent / file if file else path
            assert linked.is_file(), f"{path.name}: {target}"
            if part:
                headings = re.findall(r"^#+ (.*)$", TEXTS[linked.name].replace("`", ""), re.MULTILINE)
                parts = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert part in parts, target
