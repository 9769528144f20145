"""The contract of all tasks.

Add a new task to `tests.tasks.cases.CASES`. `restored` is a task as rebuilt from a saved model.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import IntArray
from fnnctl.config.schema.model import ModelConfig
from fnnctl.data.splits.folds import Folds
from fnnctl.data.splits.parts import Split
from fnnctl.metrics.metric import SEVERAL
from fnnctl.metrics.registry import METRICS, metric_of, positive_metric
from fnnctl.metrics.stored import flat_metrics
from fnnctl.modelling.model_description import ModelDescription, describe
from fnnctl.nn.losses.joint import target_type
from fnnctl.nn.losses.registry import LOSSES
from fnnctl.report.figures.run_figures import RUN_FIGURES
from fnnctl.stacks.work import train_fits
from fnnctl.store import names
from fnnctl.store.tables import wide_csv_lines
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.epoch_metrics import EPOCH_METRICS, TRAIN_LOSS, VALIDATION_LOSS, epoch_metrics
from fnnctl.tasks.registry import task_of
from fnnctl.tasks.reports import TASK_REPORTS
from fnnctl.tasks.task import Artifacts, FoldScores, OutOfFold, Task
from tests.tasks.cases import CASES, ROWS, TaskCase


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> TaskCase:
    return CASES[request.param]


OF_THRESHOLDS = {"threshold", "cost"}
"""The metrics that only a decision between two classes has, and only if a threshold or costs are given."""


def has_many_classes(case: TaskCase) -> bool:
    return len(case.task.classes) > 2


def restored(description: ModelDescription) -> Task:
    """The task as a saved model's predictor has it."""
    return task_of(description.target, description.classes, is_ordered=description.ordered)


def rows_of(lines: Iterable[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines))))


def tables(artifacts: Artifacts) -> dict[str, list[dict[str, str]]]:
    """The rows of the files, by file name."""
    return {name: rows_of(lines) for name, lines in artifacts}


def folds_of(
    case: TaskCase, assignment: IntArray, repeat: int = 0, decoder: OutputDecoder | None = None
) -> list[FoldScores]:
    """The first network's scores, as if it were the network of every fold."""
    found = []
    for fold in np.unique(assignment).tolist():
        rows = np.flatnonzero(assignment == fold)
        part = case.data.score(rows, [case.networks[0][rows]], decoder or case.decoder)
        found.append(FoldScores(repeat, fold, rows, part))
    return found


def assert_same_metrics(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert found.keys() == expected.keys()
    known, wanted = (
        {name: np.nan if value is None else value for name, value in flat_metrics(each).items()}
        for each in (found, expected)
    )
    assert known == pytest.approx(wanted, rel=1e-12, abs=1e-15, nan_ok=True)


def test_every_kind_of_output_and_every_task_is_tested() -> None:
    assert {case.fit.settings.shape.output.kind for case in CASES.values()} == LOSSES.keys()
    tasks = {case.task.name for case in CASES.values()}
    assert tasks == EPOCH_METRICS.keys() == TASK_REPORTS.keys() - {SEVERAL}


class TestTargets:
    def test_what_it_was_fitted_on_is_found_again_in_any_order_of_texts(self, case: TaskCase) -> None:
        raw = case.data.dataset.target
        for texts, codes in ((raw.texts, raw.codes), (raw.texts[::-1], len(raw.texts) - 1 - raw.codes)):
            targets, wrong = case.task.encode_new(texts, codes, case.fit.decoder)
            assert (targets.tolist(), wrong) == (case.data.targets.tolist(), {})

    def test_one_or_all_may_be_missing(self, case: TaskCase) -> None:
        raw = case.data.dataset.target
        targets, wrong = case.task.encode_new(raw.texts, np.array([-1, 0, -1]), case.fit.decoder)
        assert (len(targets), wrong) == (3, {})
        assert targets[1] == case.data.targets[raw.codes == 0][0]
        targets, wrong = case.task.encode_new((), np.array([-1, -1]), case.fit.decoder)
        assert (len(targets), wrong) == (2, {})

    def test_an_invalid_target_is_reported_with_the_reason(self, case: TaskCase) -> None:
        texts = (*case.data.dataset.target.texts, case.unknown)
        _, wrong = case.task.encode_new(texts, np.array([0]), case.fit.decoder)
        assert list(wrong) == [case.unknown]
        assert f"'{case.unknown}'" in wrong[case.unknown]

    def test_every_stratum_has_a_name(self, case: TaskCase) -> None:
        assert {*case.data.strata.tolist()} <= {*range(len(case.data.strata_names))}

    def test_they_have_the_type_of_the_loss_or_go_into_it(self, case: TaskCase) -> None:
        wanted = target_type(case.fit.settings.shape.output, case.fit.settings.dtype)
        assert np.can_cast(case.data.targets.dtype, wanted, "same_kind")


class TestSettings:
    def test_the_defaults_suit_every_target(self, case: TaskCase) -> None:
        assert case.task.check(case.experiment) == []

    @pytest.mark.parametrize("name", LOSSES)
    def test_an_output_is_the_one_that_is_asked_for_or_none(self, case: TaskCase, name: str) -> None:
        """None has another one's loss without a word."""
        model = ModelConfig.model_validate({"output": name})
        experiment = case.experiment.model_copy(update={"model": model})
        is_refused = "model.output" in [problem.path for problem in case.task.check(experiment)]
        with np.errstate(over="ignore"), suppress(ValueError) if is_refused else nullcontext():
            assert case.task.output_decoder(model, case.data.targets).output.kind == name

    def test_every_metric_of_a_part_has_a_meaning(self, case: TaskCase) -> None:
        metrics = flat_metrics(case.part().metrics())
        assert [why for name in metrics if (why := case.task.check_metric(name))] == []

    def test_weights_of_the_data_are_kept_and_to_blame_if_they_are_all_0(self, case: TaskCase) -> None:
        given = np.arange(ROWS) / 2
        weights = case.task.example_weights(case.experiment.training, case.data.targets, given)
        assert weights is not None
        assert weights.tolist() == given.tolist()
        assert case.task.example_weights(case.experiment.training, case.data.targets, None) is None
        assert case.task.weights_problem(np.zeros(ROWS)).path == "data.weights"

    def test_folds_and_parts_that_have_all_rows_lack_nothing(self, case: TaskCase) -> None:
        every = np.arange(ROWS)
        assert case.task.split_warnings(case.data.targets, Split(every, every, every)) == []
        twice = np.r_[case.data.targets, case.data.targets]
        folds = Folds(2, np.repeat(np.array([[0, 1]], np.int32), ROWS, axis=1))
        assert case.task.fold_warnings(twice, folds) == []


class TestScores:
    def test_a_network_gives_as_many_as_the_output_has(self, case: TaskCase) -> None:
        assert {scores.shape for scores in case.networks} == {(ROWS, case.decoder.output.size)}

    def test_the_loss_is_the_one_that_training_has(self, case: TaskCase) -> None:
        stack = train_fits(case.data, [case.fit])
        rows = case.fit.split(case.data).validation
        (trained,) = stack.trained
        predictor = stack.predictor(0, *stack.final_weights(0))
        scores = [batch.copy() for batch in predictor.pool_scores(stack.pool, rows)]
        metrics = flat_metrics(case.data.score(rows, scores, case.decoder).metrics())
        for column in epoch_metrics(case.fit.settings.shape).validation_columns:
            recorded = trained.history[column][(trained.best_epoch or trained.epochs) - 1]
            assert metrics[column.removeprefix("validation_")] == pytest.approx(recorded, rel=1e-5)

    def test_batches_make_no_difference(self, case: TaskCase) -> None:
        scores, rows = case.networks[0], np.arange(ROWS)
        batches = [scores[:1], scores[1:20], scores[20:]]
        assert case.data.score(rows, batches, case.decoder).metrics() == case.part().metrics()

    def test_the_metrics_are_json_and_begin_with_the_loss(self, case: TaskCase) -> None:
        part = case.part()
        metrics = json.loads(json.dumps(part.metrics(), allow_nan=False))
        assert metrics == part.metrics()
        assert next(iter(metrics.items())) == ("loss", part.loss)

    def test_a_single_row(self, case: TaskCase) -> None:
        part = case.data.score(np.array([7]), [case.networks[0][7:8]], case.decoder)
        assert json.dumps(part.metrics(), allow_nan=False)
        assert [row["row"] for row in tables(part.artifacts())[names.PREDICTIONS]] == ["7"]

    def test_a_temperature_makes_the_loss_no_worse(self, case: TaskCase) -> None:
        assert case.calibrated.temperature is None or case.calibrated.temperature > 0
        assert case.part(case.calibrated).loss <= case.part().loss * (1 + 1e-12)

    def test_scores_that_overflow_have_a_loss_that_is_not_finite(self, case: TaskCase) -> None:
        scores = np.full_like(case.networks[0], np.inf)
        assert not np.isfinite(case.data.score(np.arange(ROWS), [scores], case.decoder).loss)


class TestPredictions:
    def test_there_is_a_column_for_every_value(self, case: TaskCase) -> None:
        leading, numbers = case.task.predict(case.networks[0], case.decoder)
        columns = case.task.prediction_columns(case.decoder)
        assert len(leading) == len(numbers) == ROWS
        assert {len(row) + numbers.shape[1] for row in leading} == {len(columns)} == {len({*columns})}

    @pytest.mark.parametrize("calibrated", [False, True])
    def test_they_are_those_of_a_runs_file(self, case: TaskCase, calibrated: bool) -> None:
        decoder = case.calibrated if calibrated else case.decoder
        columns, predicted = (
            case.task.prediction_columns(case.decoder),
            case.task.predict(case.networks[0], decoder),
        )
        expected = rows_of(wide_csv_lines(columns, [predicted]))
        written = tables(case.part(decoder).artifacts())[names.PREDICTIONS]
        assert [{column: row[column] for column in columns} for row in written] == expected

    def test_a_row_is_predicted_whatever_its_neighbours_are(self, case: TaskCase) -> None:
        leading, numbers = case.task.predict(case.networks[0], case.decoder)
        (text,), number = case.task.predict(case.networks[0][5:6], case.decoder)
        assert [*text] == [*leading[5]]
        assert number.tolist() == numbers[5:6].tolist()

    @pytest.mark.parametrize("copies", [1, 3])
    def test_an_ensemble_of_one_network_predicts_as_the_network(self, case: TaskCase, copies: int) -> None:
        leading, numbers = case.task.predict(case.networks[0], case.decoder)
        combined, its = case.task.predict(
            case.task.combine([case.networks[0]] * copies, case.decoder), case.decoder
        )
        assert [*combined] == [*leading]
        np.testing.assert_allclose(its, numbers, rtol=1e-12, atol=1e-15)

    def test_an_ensemble_has_no_order_and_scores_as_any_network(self, case: TaskCase) -> None:
        combined = case.task.combine(case.networks, case.decoder)
        assert combined.shape == case.networks[0].shape
        np.testing.assert_allclose(case.task.combine(case.networks[::-1], case.decoder), combined, rtol=1e-12)
        twice = case.task.combine([case.networks[0], *case.networks], case.decoder)
        weighted = case.task.combine(case.networks, case.decoder, [2.0] + [1.0] * (len(case.networks) - 1))
        np.testing.assert_allclose(weighted, twice, rtol=1e-12)
        losses = [case.data.score(np.arange(ROWS), [scores], case.decoder).loss for scores in case.networks]
        ensemble = case.data.score(np.arange(ROWS), [combined], case.decoder).loss
        assert ensemble <= np.mean(losses) * (1 + 1e-12)  # both losses are convex

    def test_a_mixture_has_the_loss_of_the_combined_predictions(self, case: TaskCase) -> None:
        joint = case.task.joint_decoder([case.decoder] * len(case.networks))
        scores = [case.task.converted(scores, case.decoder, joint) for scores in case.networks]
        mixture, weights = case.task.mixture(scores, case.data.targets, joint), np.array([3.0, 1.0, 2.0])
        total = np.tensordot(weights, mixture.values, axes=1)
        combined = case.task.combine(scores, joint, weights.tolist())
        expected = case.data.score(np.arange(ROWS), [combined], joint).loss
        assert float(mixture.losses(total, weights.sum())) == pytest.approx(expected, rel=1e-9)
        some = mixture.of_rows(np.arange(5))
        assert some.values.shape[:2] == (len(scores), 5)


class TestMeasure:
    def test_the_measure_of_a_metric_has_its_value(self, case: TaskCase) -> None:
        part = case.part()
        metrics = part.metrics()
        for metric in METRICS:
            if metric.task != case.task.name or not metric.is_compared or metric.per_class:
                continue
            measure = part.measure(metric.name)
            if measure is not None:
                assert measure.value == pytest.approx(metrics[metric.name], rel=1e-9), metric.name
        assert part.measure(case.task.default_metric) is not None

    def test_no_other_name_has_a_measure(self, case: TaskCase) -> None:
        part = case.part()
        for name in ("support", "nothing", "per_class.nobody.recall"):
            assert part.measure(name) is None


class TestSubsets:
    def test_some_rows_of_a_part_are_scored_as_they_are_alone(self, case: TaskCase) -> None:
        rows = np.arange(0, ROWS, 3)
        alone = case.data.score(rows, [case.networks[0][rows]], case.decoder)
        subset = case.part().subset(rows)
        assert_same_metrics(subset.metrics(), alone.metrics())
        assert_same_metrics(subset.subset(np.arange(5)).metrics(), case.part().subset(rows[:5]).metrics())

    def test_out_of_fold_each_repeat_is_a_part_with_its_rows(self, case: TaskCase) -> None:
        folds = folds_of(case, np.arange(ROWS) % 5)[1:]
        together = case.task.out_of_fold(folds, case.data.dataset.file_rows, case.data.targets)
        ((rows, part),) = together.parts
        assert rows.tolist() == [row for row in range(ROWS) if row % 5]
        expected = case.part().subset(rows[:12])
        assert_same_metrics(part.subset(np.arange(12)).metrics(), expected.metrics())


class TestOutOfFold:
    ASSIGNMENT = np.arange(ROWS) * 7 % 5

    def together(self, case: TaskCase, decoder: OutputDecoder, repeats: int) -> OutOfFold:
        folds = [
            fold for repeat in range(repeats) for fold in folds_of(case, self.ASSIGNMENT, repeat, decoder)
        ]
        return case.task.out_of_fold(folds, case.data.dataset.file_rows, case.data.targets)

    @pytest.mark.parametrize("calibrated", [False, True])
    def test_folds_that_have_each_row_once_are_one_part(self, case: TaskCase, calibrated: bool) -> None:
        """Equal repeats have the metrics of one."""
        decoder = case.calibrated if calibrated else case.decoder
        expected = case.part(decoder).metrics()
        for repeats in (1, 2):
            assert_same_metrics(self.together(case, decoder, repeats).metrics(), expected)

    def test_the_predictions_stand_in_the_order_of_the_rows(self, case: TaskCase) -> None:
        together = self.together(case, case.decoder, 2)
        found = tables(together.artifacts())[names.PREDICTIONS]
        assert [row.pop("repeat") for row in found] == ["1"] * ROWS + ["2"] * ROWS
        assert [int(row.pop("fold")) for row in found] == [*self.ASSIGNMENT + 1] * 2
        assert found == tables(case.part().artifacts())[names.PREDICTIONS] * 2

    def test_rows_without_a_prediction_are_left_out(self, case: TaskCase) -> None:
        folds = folds_of(case, self.ASSIGNMENT)[1:]
        together = case.task.out_of_fold(folds, case.data.dataset.file_rows, case.data.targets)
        rows = np.flatnonzero(self.ASSIGNMENT > 0)
        alone = case.data.score(rows, [case.networks[0][rows]], case.decoder)
        assert_same_metrics(together.metrics(), alone.metrics())

    def test_it_has_the_files_of_a_part(self, case: TaskCase) -> None:
        files = tables(case.part().artifacts())
        together = tables(self.together(case, case.decoder, 1).artifacts())
        assert together.keys() == files.keys() <= {*names.LAYOUT}


class TestReports:
    def test_every_figure_of_the_task_is_drawn_from_a_file_of_the_part(self, case: TaskCase) -> None:
        files = tables(case.part().artifacts())
        figures = [
            figure
            for figure in RUN_FIGURES
            if figure.task == case.task.name and figure.source not in {names.METRICS, names.HISTORY}
        ]
        missing = [figure.source for figure in figures if not files.get(figure.source)]
        assert figures
        assert missing == ([names.THRESHOLD] if has_many_classes(case) else [])

    def test_every_line_is_a_metric_of_the_part(self, case: TaskCase) -> None:
        metrics, report = case.part().metrics(), TASK_REPORTS[case.task.name]
        shown = {key for _, key in report.metrics}
        of_temperature = "expected_calibration_error_positive_uncalibrated"
        kinds = case.fit.decoder.loss.measures
        optional = OF_THRESHOLDS | {of_temperature}
        optional |= {key for key in shown if (metric := metric_of(key)) and metric.needs not in kinds}
        if has_many_classes(case):
            optional |= {key for key in shown if positive_metric(key)}
        if not case.task.is_ordered:
            optional |= {key for key in shown if (metric := metric_of(key)) and metric.needs == "ranks"}
        assert shown - optional <= metrics.keys()
        if report.groups:
            wanted = {key for _, key in report.groups.metrics}
            assert all(wanted <= group.keys() for group in metrics[report.groups.key].values())

    def test_the_matrix_is_there_if_it_has_a_title(self, case: TaskCase) -> None:
        table = case.part().confusion_table()
        assert (table is None) == (TASK_REPORTS[case.task.name].matrix is None)
        if table:
            columns, counts = table
            assert counts.shape == (len(columns), len(columns))
            assert counts.sum() == ROWS


class TestDescriptions:
    def test_a_saved_model_has_the_task_that_it_learned(self, case: TaskCase) -> None:
        member = case.fit.member(case.data, case.fit.split(case.data))
        text = json.dumps(describe(case.fit, case.data, member).model_dump(), allow_nan=False)
        description = ModelDescription.model_validate_json(text)
        assert restored(description) == case.task
        assert description.shape == case.fit.settings.shape
        assert description.decoder == case.fit.decoder


class TestEpochMetrics:
    def test_the_loss_comes_first_and_falls(self, case: TaskCase) -> None:
        metrics = epoch_metrics(case.fit.settings.shape)
        assert metrics.training_columns[0] == TRAIN_LOSS
        assert metrics.validation_columns[0] == VALIDATION_LOSS
        columns = [*metrics.training_columns, *metrics.validation_columns]
        assert len({*columns}) == len(columns)
        assert metrics.rising_columns <= {*columns} - {TRAIN_LOSS, VALIDATION_LOSS}

    def test_training_and_validation_have_one_metric_in_common(self, case: TaskCase) -> None:
        metrics = epoch_metrics(case.fit.settings.shape)
        in_validation = metrics.training_columns[1].replace("train_", "validation_")
        assert in_validation in metrics.validation_columns
        rising = {metrics.training_columns[1], in_validation} & metrics.rising_columns
        assert len(rising) in {0, 2}

    def test_a_members_record_is_the_same_alone_and_in_a_stack(self, case: TaskCase) -> None:
        metrics, targets = epoch_metrics(case.fit.settings.shape), case.data.targets
        shifts = np.stack([np.roll(targets, shift) for shift in (0, 1, 5)])
        losses = np.array([0.5, 1.5, 2.0])
        record = metrics.validation_record(losses, shifts, np.stack([targets] * 3))
        assert tuple(record) == metrics.validation_columns
        for k in range(3):
            alone = metrics.validation_record(losses[k : k + 1], shifts[k : k + 1], targets[None])
            assert {name: values[k] for name, values in record.items()} == {
                name: value for name, (value,) in alone.items()
            }

    def test_nothing_is_better_than_what_is_right(self, case: TaskCase) -> None:
        metrics, targets = epoch_metrics(case.fit.settings.shape), case.data.targets
        guesses = np.stack([targets, np.roll(targets, 1)])
        record = metrics.validation_record(np.array([0.0, 1.0]), guesses, np.stack([targets] * 2))
        for name in metrics.validation_columns[1:]:
            right, wrong = record[name]
            assert right > wrong if name in metrics.rising_columns else right < wrong
