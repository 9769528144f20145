from __future__ import annotations

from dataclasses import replace

import pytest

from fnnctl.doctor.facts import Blas, Training
from fnnctl.doctor.packages import EXTRAS, Extra, Package
from fnnctl.doctor.problems import problems_of
from fnnctl.report.formats.markdown import markdown_report
from fnnctl.report.machine import machine_document, machine_json
from tests.doctor.test_problems import CASES, HEALTHY
from tests.messages import Messages

ONNX, RUNTIME = EXTRAS["onnx"]


def text_of(**changes: object) -> str:
    facts = replace(HEALTHY, **changes)  # type: ignore[arg-type]
    return markdown_report([machine_document(facts, problems_of(facts))])


def test_a_healthy_machine(messages: Messages) -> None:
    messages.check(text_of())


def test_a_machine_of_which_little_is_known(messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two packages of an extra is there, and another one is too old."""
    monkeypatch.setattr("sys.executable", "/usr/bin/python3")
    monkeypatch.setattr("fnnctl.text._has_pip", lambda: True)
    extras = (
        Extra("onnx", (Package(ONNX, "1.18"), Package(RUNTIME, None))),
        Extra("parquet", (Package(EXTRAS["parquet"][0], "12.0"),)),
    )
    unknown = {"platform": None, "processor": None, "memory": None, "disk": None, "quota": 1.5}
    messages.check(text_of(**unknown, blas=Blas(), extras=extras, training=Training(failure="MemoryError")))


def test_a_training_that_was_not_tried() -> None:
    assert "not tried" in text_of(training=Training())


def test_the_json_object_has_every_fact() -> None:
    facts = replace(HEALTHY, **CASES["forced_kernel"])
    problems = problems_of(facts)
    shape = machine_json(facts, problems)
    assert (shape["fnnctl"], shape["python"], shape["numpy"]) == ("0.14.0", "3.11.7", "2.1")
    assert shape["blas"] == {"name": "scipy-openblas", "version": "0.3.31", "threads": 4, "kernel": "Katmai"}
    assert (shape["processors"], shape["memory"], shape["train_seconds"]) == (4, 8 * 10**9, 0.8)
    assert shape["disk"] == {"free": 10**10, "file_system": "ext4"}
    assert shape["extras"].keys() == EXTRAS.keys()
    assert shape["problems"] == [problem.to_dict() for problem in problems]
