"""Warnings and reasons of before 0.7 get the kinds that the program now gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnnctl.store.former_sentences import _REASONS, _WARNINGS, UNKNOWN, reason_kind, warning_kinds
from tests import sources
from tests.store.test_manifest import read

FORMER = Path(__file__).parents[1] / "former_runs"

NO_BETTER = "accuracy 0.5 on the test part is not better than always predicting 'a' (0.5) by more than chance"


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        (NO_BETTER, "no_better_than_baseline"),
        (f"the ensemble: {NO_BETTER}", "ensemble.no_better_than_baseline"),
        (f"the refitted trial 12: {NO_BETTER}", "best.no_better_than_baseline"),
        (f"trial 3: {NO_BETTER}", "best.no_better_than_baseline"),
        ("there is no ensemble: the scores of all trials overflow", "no_ensemble"),
        ("the network predicts 'a' for every row on the test part, as the baseline does: try more epochs",
         "no_better_than_baseline"),
        ("the network finds 1 of 40 rows of the class 'b' on the test part (recall 0.03)", "missed_classes"),
        ("the column 'x' alone predicts the target: accuracy 1 on held-out rows", "leak"),
        ("the column 'x' alone does as well as the network: accuracy 0.9", "column_does_as_well"),
        ("a class has no row in the test part of some folds, where its AUC is null: 'c'",
         "classes_absent_in_folds"),
        ("a class has no row in the test part and no effect on its metrics: 'c'", "absent_classes"),
        ("new.csv: in 1 row the column 'c' has a value that does not occur in the training data (the first "
         "is 'x')", "unseen_categories"),
        ("a sentence of another program", UNKNOWN),
    ],
)  # fmt: skip
def test_the_kinds_of_warnings(sentence: str, kind: str) -> None:
    assert warning_kinds([sentence]) == [kind]


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("the loss became non-finite in epoch 3", "non_finite_loss"),
        ("the loss became non-finite in 1 of 5 folds", "non_finite_loss"),
        ("the objective is nan", "non_finite_objective"),
        ("roc_auc_macro is undefined here", "undefined_metric"),
        ("its worker process was killed twice", "lost_worker"),
        ("no improvement in 30 trials after trial 2", "no_improvement"),
        ("worse than the median of 5 other trials", "worse_than_median"),
        ("a chance of 0.3% to beat the best trial", "small_chance"),
        ("training.batch_size: is larger than the number of rows", "invalid_configuration"),
        ("ValueError: math domain error", "failed_objective"),
        ("complete", "complete"),
        ("interrupted", "interrupted"),
        ("the time limit", "time_limit"),
        ("a sentence of another program", None),
    ],
)
def test_the_kinds_of_reasons(sentence: str, kind: str | None) -> None:
    assert reason_kind(sentence) == kind


def test_the_program_still_makes_messages_of_these_kinds() -> None:
    files = [path for name, path in sources.FILES.items() if name != "store/former_sentences.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [kind for kind, _ in (*_WARNINGS, *_REASONS) if f'"{kind}"' not in text] == []


def test_all_sentences_of_the_kept_runs_are_known() -> None:
    manifests = [json.loads(file.read_text("utf-8")) for file in FORMER.rglob("manifest.json")]
    warnings = [warning for manifest in manifests for warning in manifest["warnings"]]
    lines = [line for file in FORMER.rglob("journal.jsonl") for line in file.read_text("utf-8").splitlines()]
    reasons = [record["reason"] for record in map(json.loads, lines) if "reason" in record]
    assert warnings
    assert reasons
    assert {UNKNOWN, None}.isdisjoint([*warning_kinds(warnings), *map(reason_kind, reasons)])


def test_a_manifest_without_kinds_gets_them() -> None:
    warnings = [f"trial 3: {NO_BETTER}", "there is no ensemble: its scores overflow"]
    manifest = read(warnings=warnings)
    assert manifest.warning_kinds == ["best.no_better_than_baseline", "no_ensemble"]
    assert [(message.part, message.kind, str(message)) for message in manifest.messages] == [
        ("best", "no_better_than_baseline", warnings[0]),
        (None, "no_ensemble", warnings[1]),
    ]
    assert read(warnings=warnings[1:], warning_kinds=["few_rows"]).warning_kinds == ["few_rows"]
