from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.schema.records import SettingRecord, records_by_path, setting_records, why_not_searched
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.schema.validation_schemes import ON_VALIDATION, VALIDATION_SCHEMES
from fnnctl.reference.domains import example_domain

ONE_NETWORK = VALIDATION_SCHEMES[ON_VALIDATION]
EXAMPLES = [
    (record, domain)
    for record in setting_records()
    if (domain := example_domain(record)) and why_not_searched(record.path, ONE_NETWORK) is None
]


def allows(record: SettingRecord, value: Any) -> bool:
    kinds = {True: "boolean", False: "boolean", None: "null"}
    return any(
        form.includes(value) or value in form.words or form.kind == kinds.get(value) for form in record.forms
    )


@pytest.mark.parametrize(("record", "domain"), EXAMPLES, ids=lambda part: getattr(part, "key", ""))
def test_an_example_is_a_domain_of_values_that_the_setting_may_have(
    record: SettingRecord, domain: Any
) -> None:
    SearchConfig.model_validate({"space": {format_path(record.path): domain}})
    if record.key != "hidden":
        (values,) = domain.values()
        assert [value for value in values if not allows(record, value)] == []
        assert len({*values}) > 1


@pytest.mark.parametrize(
    ("path", "domain"),
    [
        ("training.epochs", {"log_integer": [50, 800]}),
        ("training.optimizer.learning_rate", {"log_uniform": [0.01, 1.0]}),
        ("training.optimizer.momentum", {"uniform": [0.0, 0.99]}),
        ("training.optimizer.beta2", {"uniform": [0.99, 0.9999]}),
        ("training.optimizer", {"choice": ["adam", "sgd", "momentum", "nesterov"]}),
        ("model.activation.alpha", {"log_uniform": [0.1, 10.0]}),
        ("model.activation.slope", {"log_uniform": [0.001, 0.1]}),
        ("training.lr_schedule.warmup", {"uniform": [0.15, 0.65]}),
        ("model.activation.pieces", {"log_integer": [2, 8]}),
        ("model.residual", {"choice": [False, True]}),
        ("model.output.power", {"uniform": [1.25, 1.75]}),
        ("model.output", {"choice": ["squared", "absolute", "huber"]}),
        ("training.early_stopping.monitor", {"choice": ["validation_loss", "train_loss"]}),
        ("model.dropout", {"uniform": [0.0, 0.5]}),
        ("training.averaging", {"choice": [None, "ema"]}),  # the default early stopping refuses swa
        ("training.input_noise", None),
        ("data.target", None),
    ],
)
def test_examples(path: str, domain: Any) -> None:
    assert example_domain(records_by_path()[parse_path(path)][0]) == domain
