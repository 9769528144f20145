"""The contract of all outputs with their losses: whatever has a record runs through it without being told."""

from __future__ import annotations

import inspect
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.config.paths import ConfigPath
from fnnctl.config.provenance import Resolved
from fnnctl.config.rules.search_check import search_problems
from fnnctl.config.rules.validation import validated
from fnnctl.config.schema.forms import names_of, sections_of
from fnnctl.config.schema.lookups import forms_at
from fnnctl.config.schema.losses import (
    DEFAULT_OUTPUTS,
    LOSS_RECORDS,
    AutoOutput,
    LossRecord,
    ScoreForm,
    default_output,
    has_one_loss,
    output_of,
)
from fnnctl.export.onnx.outputs import OUTPUT_OPERATORS
from fnnctl.metrics.metric import CLASSIFICATION, REGRESSION, TaskName
from fnnctl.nn.losses.registry import LOSSES, REAL_VALUE_LOSSES
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.tasks.classification.scores import CLASS_LOSSES
from fnnctl.tasks.epoch_metrics import EPOCH_METRICS
from tests.contracts.trained import assert_exported_by_record, assert_repeated_by_its_model
from tests.export.onnx.random_models import NEEDS_ONNX
from tests.nn.gradients import case_away_from_kinks, outputs_of
from tests.nn.gradients import output_of as output_shape_of
from tests.program import Program, only_run, read_json
from tests.runs.folding import table
from tests.training.random_stacks import in_range

pytestmark = pytest.mark.usefixtures("no_figures")

NAMES = sorted(LOSS_RECORDS)
PAIRS = [pair for pair in combinations(NAMES, 2) if LOSS_RECORDS[pair[0]].task == LOSS_RECORDS[pair[1]].task]
TABLE = """\
recipe: classic
data: {{source: t.csv, target: {target}, class_order: {order}, columns: {{ignore: [{ignored}]}}}}
model: {{hidden: [6], activation: tanh, output: {output}}}
training: {{epochs: {epochs}, batch_size: 16, early_stopping: null, optimizer: {{learning_rate: 0.02}}}}
"""


def of_task(task: TaskName) -> set[str]:
    return {name for name, record in LOSS_RECORDS.items() if record.task == task}


def parameters_of(record: LossRecord) -> list[Any]:
    """The default of the loss's parameter and a larger one, or half of each level; a single 1 without one."""
    if record.parameter is None:
        return [1.0]
    default = record.section.model_fields[record.parameter].default
    other = tuple(level / 2 for level in default) if isinstance(default, tuple) else 1.2 * default
    return [default, other]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a config with this output, and its table."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(90, 2))
    numbers = 3 * x[:, 0] - x[:, 1] + rng.normal(0, 0.3, 90)

    def written(output: str, epochs: int = 1) -> str:
        amounts = in_range(output, numbers)
        rows = zip(*x.T, amounts, np.where(amounts > 0, "yes", "no"), strict=True)
        lines = ["a,b,amount,answer", *(f"{a:.4f},{b:.4f},{y:.4f},{name}" for a, b, y, name in rows)]
        (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
        columns = ["answer", "amount"]
        if LOSS_RECORDS[output].task == REGRESSION:
            columns.reverse()
        config = TABLE.format(
            target=columns[0],
            ignored=columns[1],
            order="['yes', 'no']" if LOSS_RECORDS[output].needs_order else "null",
            output=output,
            epochs=epochs,
        )
        (tmp_path / "t.yaml").write_text(config)
        return "t.yaml"

    return written


class TestTables:
    def test_the_config_has_an_output_for_each_record(self) -> None:
        sections = sections_of(forms_at(("model", "output"), {}))
        assert {name for section in sections for name in names_of(section)} == {"auto", *NAMES}

    def test_the_engine_has_a_formula_for_each_record(self) -> None:
        assert LOSSES.keys() == LOSS_RECORDS.keys()

    def test_tasks_score_each_record(self) -> None:
        assert {record.task for record in LOSS_RECORDS.values()} == EPOCH_METRICS.keys()
        assert CLASS_LOSSES.keys() == of_task(CLASSIFICATION)
        assert REAL_VALUE_LOSSES.keys() == of_task(REGRESSION)

    def test_exported_outputs_have_operators(self) -> None:
        assert {*OUTPUT_OPERATORS} == {*get_args(ScoreForm)}

    def test_auto_is_one_output_of_each_task(self) -> None:
        defaults = [record.task for record in LOSS_RECORDS.values() if record.is_default]
        assert len(defaults) == len(DEFAULT_OUTPUTS)
        assert {task for task, is_ordered in DEFAULT_OUTPUTS if not is_ordered} == EPOCH_METRICS.keys()
        words = [
            f"`{output.name}` " + ("with `data.class_order`" if is_ordered else f"in a {task}")
            for (task, is_ordered), output in DEFAULT_OUTPUTS.items()
        ]
        assert inspect.getdoc(AutoOutput) == f"{', '.join(words)}."


@pytest.mark.parametrize("name", NAMES)
class TestRecord:
    def test_its_section_has_its_name_and_no_setting_that_nothing_reads(self, name: str) -> None:
        record = LOSS_RECORDS[name]
        fields = {*record.section.model_fields}
        assert get_args(record.section.model_fields["name"].annotation) == (name,)
        read = {"name", record.parameter, "positive_class" if record.scores == "positive_class" else None}
        assert fields == read - {None}

    def test_the_engine_agrees_with_it(self, name: str) -> None:
        record, loss = LOSS_RECORDS[name], LOSSES[name]
        scores = 1 if record.scores in ("positive_class", "thresholds") else 2
        assert loss.scores_of(OutputShape(2, name)) == scores
        assert (loss.target_type is np.intp) == (record.task == CLASSIFICATION)
        assert (record.estimates == "probabilities") == (record.task == CLASSIFICATION)

    def test_it_is_an_output_of_its_task_alone(self, name: str) -> None:
        output = validated({"data": {"source": "iris"}, "model": {"output": name}}).model.output
        task = LOSS_RECORDS[name].task
        assert output_of(output, task) is output
        (another,) = EPOCH_METRICS.keys() - {task}
        with pytest.raises(ValueError, match=f"{name} is not an output of a {another}"):
            output_of(output, another)


def values_of(name: str, parameter: Any) -> FloatArray:
    """The losses of some scores, (n,), by the table of the task."""
    rng = np.random.default_rng(0)
    if LOSS_RECORDS[name].task == CLASSIFICATION:
        return CLASS_LOSSES[name](rng.normal(size=(30, 2)), rng.integers(0, 2, 30))
    output = output_shape_of(name, parameter=parameter)
    outputs = rng.normal(size=(30, output.size)) * 2
    return REAL_VALUE_LOSSES[name].row_losses(outputs_of(name, outputs), np.ones(30), output)


class TestComparison:
    @pytest.mark.parametrize(("one", "other"), PAIRS)
    def test_values_are_compared_if_they_are_of_the_same_function(self, one: str, other: str) -> None:
        is_same = LOSS_RECORDS[one].function == LOSS_RECORDS[other].function
        first, second = (values_of(name, parameters_of(LOSS_RECORDS[name])[0]) for name in (one, other))
        assert np.allclose(first, second) == is_same
        assert (problems_of([one, other]) == []) == is_same

    @pytest.mark.parametrize("name", [name for name in NAMES if LOSS_RECORDS[name].parameter])
    def test_a_parameter_gives_another_function(self, name: str) -> None:
        parameters = parameters_of(LOSS_RECORDS[name])
        outputs = [{"name": name, LOSS_RECORDS[name].parameter: parameter} for parameter in parameters]
        first, second = (values_of(name, parameter) for parameter in parameters)
        assert not np.allclose(first, second)
        assert problems_of(outputs) == [("search", "objective", "metric")]
        assert problems_of([name, outputs[0]]) == problems_of([name, name]) == []

    @pytest.mark.parametrize("name", NAMES)
    def test_auto_has_the_function_of_its_tasks_default(self, name: str) -> None:
        default = default_output(LOSS_RECORDS[name].task).name
        is_same = LOSS_RECORDS[name].function == LOSS_RECORDS[default].function
        assert (problems_of(["auto", name]) == []) == is_same


def test_wrong_outputs_are_no_reason_to_object() -> None:
    assert has_one_loss(["squared", "square", {"name": ["squared"]}, 1.5, {"delta": 2.0}])
    assert not has_one_loss(["huber", {"name": "huber", "delta": [1.0]}])


def problems_of(outputs: list[Any]) -> list[ConfigPath]:
    """The wrong settings of the objective of a search that compares the losses of these outputs."""
    search = {"objective": {"metric": "loss"}, "space": {"model.output": {"choice": outputs}}}
    config = {"data": {"source": "iris"}, "search": search}
    resolved = Resolved.without_recipe(config, validated(config))
    return [path for path in search_problems(resolved) if "objective" in path]


@pytest.mark.parametrize("name", NAMES)
class TestTraining:
    @pytest.mark.parametrize("technique", [None, "weighted", "mixup"])
    def test_the_gradient_is_that_of_the_loss(self, name: str, technique: str | None) -> None:
        for parameter in parameters_of(LOSS_RECORDS[name]):
            shape = NetworkShape(3, (HiddenShape(5, "tanh"),), output_shape_of(name, parameter=parameter))
            case_away_from_kinks(shape, [technique] if technique else []).assert_gradient_agrees()

    def test_epochs_make_the_loss_smaller(self, name: str, write: Any, program: Program) -> None:
        assert program("train", write(name, epochs=10), "--quiet").code == 0
        losses = [float(row["train_loss"]) for row in table(only_run(Path()), "history.csv")]
        assert losses[-1] < losses[0]

    def test_a_saved_model_predicts_what_was_predicted_after_training(
        self, name: str, write: Any, program: Program
    ) -> None:
        run = assert_repeated_by_its_model(program, write(name))
        assert read_json(run / "model.json")["output"] == name


@pytest.mark.extra
@NEEDS_ONNX
@pytest.mark.parametrize("name", NAMES)
def test_it_is_exported_unless_the_record_says_that_it_cannot_be(
    name: str, write: Any, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program("train", write(name), "--quiet").code == 0
    assert_exported_by_record(program, monkeypatch, LOSS_RECORDS, name, "output", most_difference=1e-6)
