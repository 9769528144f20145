"""What may be imported follows from the user's config and consent, and never from the files of a run."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import fnnctl
from fnnctl.config.installed_plugins import FAULTS
from fnnctl.data.builtin import builtin_path
from fnnctl.errors import FnnctlError
from fnnctl.metrics.metric import Metric, OfRows
from fnnctl.metrics.rows import ErrorRows
from fnnctl.plugins import Plugin, PluginError, Scope, current, scope, unlike
from tests.messages import Messages
from tests.plugin_packages import ALLOW, EXAMPLE, page_block, write_example, write_package
from tests.program import Program, read_json
from tests.test_plugins_page import SETTINGS, Silent, houses

pytestmark = pytest.mark.usefixtures("no_figures")
Use = Callable[[Path | None], None]
MADE = "made_plugins"
"""A module of tests whose objects are no plug-ins, or bad ones."""


@pytest.fixture(scope="module")
def made_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that used all plug-ins of the page's package; see `package`."""
    folder = tmp_path_factory.mktemp("made")
    write_example(folder / "site")
    (folder / "houses.ltsv").write_text(houses(120, 1))
    (folder / "houses.yaml").write_text(page_block("yaml"))
    environment = {"PYTHONPATH": f"{folder / 'site'}:{Path(fnnctl.__file__).parent.parent}"}
    command = [sys.executable, "-m", "fnnctl", "train", "houses.yaml", "--set", "recipe=fast", "--no-figures"]
    subprocess.run([*command, "--quiet"], cwd=folder, env=environment, check=True, capture_output=True)
    return folder


@pytest.fixture
def run(made_run: Path, tmp_path: Path) -> Path:
    """A copy of the run, in the folder of the test."""
    for name in ("houses.ltsv", "houses.yaml"):
        shutil.copy(made_run / name, tmp_path)
    (path,) = (made_run / "runs").iterdir()
    shutil.copytree(path, tmp_path / "runs" / path.name)
    return tmp_path / "runs" / path.name


COMMANDS = (
    ("predict", "latest", "houses.csv"),
    ("evaluate", "latest"),
    ("evaluate", "latest", "--data", "houses.csv"),
    ("export", "latest", "--output", "x.onnx"),
    ("report", "latest", "--verbose"),
    ("report", "latest", "--importance"),
    ("report", "latest", "--partial-dependence", "1"),
    ("report", "latest", "--fail-under", "within_10_percent=0"),
    ("compare", "latest", "copy"),
    ("describe", "houses.csv", "--against", "latest"),
    ("train", "--resume", "latest"),
    ("runs", "--json"),
)
"""Commands that read a run, and name nothing of a package."""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("forged", [False, True], ids=["recorded", "forged"])
def test_the_files_of_a_run_import_nothing(
    command: tuple[str, ...],
    forged: bool,
    program: Program,
    run: Path,
    made_run: Path,
    installed: Use,
) -> None:
    """Whether the manifest says which package they need, or hides it."""
    Path("houses.csv").write_text("area,walls,price\n30,brick,50000\n60,wood,55000\n")
    if forged:
        manifest = read_json(run / "manifest.json") | {"plugins": [], "status": "interrupted"}
        (run / "manifest.json").write_text(json.dumps(manifest))
    shutil.copytree(run, run.parent / "copy")
    installed(made_run / "site")
    done = program(*command)
    assert EXAMPLE not in sys.modules, done.err
    assert done.code in {0, 1, 2}, done.err


@pytest.mark.parametrize(
    "command",
    [("predict", "houses.csv"), ("evaluate",), ("train", "--resume", "latest"), ("report", "--importance")],
    ids=" ".join,
)
def test_what_must_be_allowed_is_named_with_its_package(
    command: tuple[str, ...], program: Program, run: Path, made_run: Path, installed: Use, messages: Messages
) -> None:
    Path("houses.csv").write_text("area,walls,price\n30,brick,50000\n")
    installed(made_run / "site")
    refused = program(*command)
    assert refused.code == 2
    messages.check(refused.err)
    assert program(*command, *ALLOW).code == 0
    installed(None)
    missing = program(*command, *ALLOW)
    assert missing.code == 2
    messages.check(missing.err)


def test_a_report_shows_the_scores_of_a_metric_that_is_not_installed(program: Program, run: Path) -> None:
    done = program("report", "latest")
    assert done.code == 0
    assert "within 10 %" in done.out
    value = read_json(run / "metrics.json")["test"]["within_10_percent"]
    assert program("report", "latest", "--fail-under", f"within_10_percent={value}").code == 0
    assert program("report", "latest", "--fail-under", f"within_10_percent={value + 0.01}").code == 1


def test_commands_of_a_report_have_the_consent_that_they_need(program: Program, run: Path) -> None:
    steps = program("report", "latest", "--verbose").out
    assert f"fnnctl predict runs/{run.name} DATA --allow-plugin cauchy\n" in steps


def test_a_config_needs_no_consent_and_names_what_is_missing(
    program: Program, run: Path, messages: Messages
) -> None:
    """The config of the run is one of the user's, if the user names it."""
    messages.check(program("check", "houses.yaml").err or program("check", "houses.yaml").out)
    messages.check(program("train", str(run / "resolved.yaml")).err.replace(run.name, "RUN"))


BAD = """\
from fnnctl.metrics.metric import Given, Metric, OfRows
from fnnctl.plugins import LossPlugin

def metric(name, **fields):
    fields = {"task": "regression", "formula": OfRows(lambda rows: rows.errors), **fields}
    return Metric(name=name, label=name, **fields)

NUMBER = 1
HUBER = metric("huber")
MAE = metric("mae")
OTHER = metric("another_name")
GIVEN = metric("given", formula=Given())
WILSON = metric("wilson", interval="wilson")
"""


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("loss", "number", "NUMBER"),
        ("loss", "absent", "ABSENT"),
        ("loss", "huber", "HUBER"),
        ("metric", "mae", "MAE"),
        ("metric", "other", "OTHER"),
        ("metric", "given", "GIVEN"),
        ("metric", "wilson", "WILSON"),
        ("metric", "number", "NUMBER"),
        ("table", "number", "NUMBER"),
        ("table", "csv", "NUMBER"),
    ],
)
def test_an_object_that_is_no_such_plugin_is_refused(
    kind: str, name: str, value: str, tmp_path: Path, installed: Use, messages: Messages
) -> None:
    groups = {"loss": "fnnctl.losses", "metric": "fnnctl.metrics", "table": "fnnctl.tables"}
    entry_points = {groups[kind]: {name: f"{MADE}:{value}"}}
    site = tmp_path / "site"
    installed(write_package(site, MADE, BAD, name="made", version="2.0", entry_points=entry_points))
    faults: list[str] = []
    with scope():
        current().find_all(kind, FAULTS[kind], faults.append)  # type: ignore[index, arg-type]
        assert current().used == ()
    (fault,) = faults
    messages.check(fault)


LOSSES = '''\
from typing import Literal

import numpy as np

from fnnctl.config.schema.losses import LossRecord, OutputSection
from fnnctl.metrics.metric import Metric, OfRows
from fnnctl.nn.losses.cross_entropy import LogisticCrossEntropy, cross_entropy
from fnnctl.nn.losses.real_values import SquaredError
from fnnctl.plugins import LossPlugin


class OneScoreOutput(OutputSection):
    """One score for two classes."""

    name: Literal["one_score"]


class SinhOutput(OutputSection):
    """The hyperbolic sine of the score."""

    name: Literal["sinh"]


class SquaredSinh(SquaredError):
    """L = ½(sinh z − y)²; ∂L/∂z = (sinh z − y) cosh z."""

    def error_terms(self, z):
        slopes = np.cosh(z[:, 0])
        z[:] = np.sinh(z)
        super().error_terms(z)
        z[:, 0] *= slopes

    def evaluate(self, z, targets):
        return super().evaluate(np.sinh(z), targets)

    def evaluate_ensembles(self, z, targets, size):
        return super().evaluate_ensembles(np.sinh(z), targets, size)

    def outputs(self, z):
        return np.sinh(z)


ONE_SCORE = LossPlugin(
    record=LossRecord(
        section=OneScoreOutput,
        task="classification",
        label="cross-entropy",
        function="cross_entropy",
        estimates="probabilities",
        scores="positive_class",
    ),
    formula=LogisticCrossEntropy,
    row_losses=cross_entropy,
)
SINH = LossPlugin(
    record=LossRecord(
        section=SinhOutput, task="regression", label="of sinh", function="squared_error", estimates="mean"
    ),
    formula=SquaredSinh,
    operators=lambda graph, scores: graph.cast(
        graph.add("Sinh", graph.cast(scores, np.float32)), np.float32
    ),
)
ERROR_RATE = Metric(
    name="error_rate",
    label="error rate",
    task="classification",
    formula=OfRows(lambda rows: rows.labels != rows.predictions),
    lower_is_better=True,
    monitored=True,
)
'''


@pytest.mark.extra
@pytest.mark.parametrize(
    ("output", "settings"),
    [
        ("one_score", ("data.source=breast_cancer", "training.early_stopping.monitor=validation_error_rate")),
        ("sinh", ("data.source=diabetes",)),
    ],
)
def test_losses_of_classes_and_outputs_of_their_own_are_trained_and_exported(
    output: str, settings: tuple[str, ...], program: Program, tmp_path: Path, installed: Use
) -> None:
    pytest.importorskip("onnx")
    entry_points = {
        "fnnctl.losses": {"one_score": f"{MADE}:ONE_SCORE", "sinh": f"{MADE}:SINH"},
        "fnnctl.metrics": {"error_rate": f"{MADE}:ERROR_RATE"},
    }
    site = tmp_path / "site"
    installed(write_package(site, MADE, LOSSES, name="made", version="2.0", entry_points=entry_points))
    config = tmp_path / "made.yaml"
    config.write_text("recipe: classic\ndata: {source: iris}\ntraining: {epochs: 20}\n")
    changes = [word for setting in (*settings, f"model.output={output}") for word in ("--set", setting)]
    done = program("train", "made.yaml", *changes)
    assert done.code == 0, done.err
    history = (next((tmp_path / "runs").iterdir()) / "history.csv").read_text().splitlines()[0]
    assert ("validation_error_rate" in history) == (output == "one_score")
    allow = [word for name in (output, "error_rate") for word in ("--allow-plugin", name)]
    exported = program("export", "--output", "made.onnx", "--json", *allow)
    assert exported.code == 0, exported.err
    assert exported.json["largest_difference"] < 1e-4


def test_two_packages_with_one_name_are_an_error(
    program: Program, tmp_path: Path, installed: Use, messages: Messages
) -> None:
    site = write_example(tmp_path / "site")
    other = {"fnnctl.losses": {"cauchy": f"{MADE}:NUMBER"}}
    write_package(site, MADE, BAD, name="made", version="2.0", entry_points=other)
    installed(site)
    config = tmp_path / "two.yaml"
    config.write_text("data: {source: diabetes}\nmodel: {output: cauchy}\n")
    done = program("check", "two.yaml")
    assert done.code == 2
    assert EXAMPLE not in sys.modules
    messages.check(done.err or done.out)


def test_lists_of_names_have_the_plugins(program: Program, made_run: Path, installed: Use) -> None:
    without = program("schema").json
    installed(made_run / "site")
    schema = program("schema").json
    assert without != schema
    outputs = json.dumps(schema["definitions"]["ModelConfig"]["properties"]["output"])
    assert '"cauchy"' in outputs
    assert '"scale"' in outputs
    assert "cauchy" in program("help", "model.output").out
    assert "only with  cauchy" in program("help", "model.output.scale").out
    assert "within 10 %, in a regression" in program("help", "within_10_percent").out


def test_the_other_commands_search_no_packages(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(**parameters: str) -> None:
        raise AssertionError(parameters)

    monkeypatch.setattr("importlib.metadata.entry_points", search)
    with builtin_path("iris") as path:
        shutil.copy(path, iris.parent / "iris.csv")
    for command in ("train iris.yaml", "runs", "check iris.yaml", "predict latest iris.csv", "report"):
        assert program(*command.split()).code == 0


def test_another_process_has_the_same_packages_or_an_error(
    made_run: Path, installed: Use, tmp_path: Path
) -> None:
    installed(made_run / "site")
    with scope() as plugins, plugins.opened():
        plugins.find("loss", "cauchy", FAULTS["loss"])
    sent = pickle.dumps(plugins)
    assert pickle.loads(sent).used[0].origin == "fnnctl-extras 1.0"
    assert unlike(plugins.installed) is None
    installed(write_example(tmp_path / "newer", "1.1"))
    assert (
        unlike(plugins.installed)
        == "the loss 'cauchy' is that of fnnctl-extras 1.1, not of fnnctl-extras 1.0"
    )
    with pytest.raises(PluginError):
        pickle.loads(sent)
    installed(None)
    assert unlike(plugins.installed) == "the loss 'cauchy' is not installed: install fnnctl-extras 1.0"


def test_a_scope_ends_with_its_block() -> None:
    metric: Metric[ErrorRows] = Metric(
        name="m", label="m", task="regression", formula=OfRows(lambda rows: rows.errors)
    )
    with scope(Scope([Plugin("metric", "m", metric)])):
        assert current().find("metric", "m", FAULTS["metric"])
        with scope():
            assert current().find("metric", "m", FAULTS["metric"]) is None
        assert current().used


def test_a_program_passes_objects_to_its_experiment_alone(
    made_run: Path, installed: Use, tmp_path: Path
) -> None:
    installed(made_run / "site")
    extras = import_module(EXAMPLE)
    installed(None)
    experiment = fnnctl.Experiment(SETTINGS, plugins=[extras.CAUCHY])
    run = experiment.train(runs_dir=tmp_path, observer=Silent())
    assert "not from its files alone: a Python program passed cauchy" in run.report()
    assert "Repeat the run" not in run.report()
    rows = [dict.fromkeys(run.predictor.feature_names, 1.0)]
    predictions = run.predictor.predict(rows)
    with pytest.raises(FnnctlError, match="must be one of"):
        fnnctl.Experiment(SETTINGS).train()
    assert run.path is not None
    with pytest.raises(FnnctlError, match="was passed by a Python program; pass it again"):
        fnnctl.load_run(run.path).predictor  # noqa: B018
    again = fnnctl.load_run(run.path, plugins=[extras.CAUCHY]).predictor
    assert again.predict(rows) == predictions
