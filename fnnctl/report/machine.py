"""What `doctor` says of a machine, as a document and as a JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fnnctl.doctor.facts import Facts, Training
from fnnctl.doctor.packages import Extra, Package
from fnnctl.doctor.problems import MachineProblem
from fnnctl.report.blocks import Block, Warnings
from fnnctl.report.blocks import Facts as FactsBlock
from fnnctl.report.document import Document, block_section, merge_blocks
from fnnctl.report.words import NOTHING, seconds_text
from fnnctl.text import bytes_text, counted

MISSING = "not installed"


def machine_document(facts: Facts, problems: Sequence[MachineProblem]) -> Document:
    """The versions, the machine, the extras, and the problems at the end, where a terminal shows them."""
    lead = f"{counted(len(problems), 'problem')} found" if problems else "no problems found"
    blocks: Sequence[Block] = (
        FactsBlock("Versions", tuple(_versions(facts))),
        FactsBlock("Machine", tuple(_machine(facts))),
        FactsBlock("Extras", tuple((extra.name, _extra_text(extra)) for extra in facts.extras)),
        Warnings("Problems", tuple(map(str, problems))),
    )
    return Document(f"fnnctl {facts.fnnctl}", lead, tuple(map(block_section, merge_blocks(blocks))))


def machine_json(facts: Facts, problems: Sequence[MachineProblem]) -> dict[str, Any]:
    """The object of `doctor --json`."""
    blas, disk = facts.blas, facts.disk
    return {
        "fnnctl": facts.fnnctl,
        "python": facts.python,
        "numpy": facts.numpy,
        "packages": {package.requirement.package: package.version for package in facts.packages},
        "platform": facts.platform,
        "blas": {"name": blas.name, "version": blas.version, "threads": blas.threads, "kernel": blas.kernel},
        "processor": facts.processor,
        "processors": facts.processors,
        "processor_quota": facts.quota,
        "memory": facts.memory,
        "disk": disk and {"free": disk.free_bytes, "file_system": disk.file_system},
        "extras": {extra.name: extra.to_dict() for extra in facts.extras},
        "train_seconds": facts.training.seconds,
        "problems": [problem.to_dict() for problem in problems],
    }


def _versions(facts: Facts) -> list[tuple[str, str]]:
    blas = facts.blas
    library = " ".join(filter(None, (blas.name, blas.version))) or NOTHING
    kernel = f", kernels for {blas.kernel}" if blas.kernel else ""
    threads = f", {counted(blas.threads, 'thread')}" if blas.threads else ""
    packages = [package for package in facts.packages if package.requirement.package != "numpy"]
    return [
        ("Python", facts.python),
        ("NumPy", facts.numpy or MISSING),
        ("BLAS", library + kernel + threads),
        ("packages", ", ".join(map(_package_text, packages))),
        ("system", facts.platform or NOTHING),
    ]


def _machine(facts: Facts) -> list[tuple[str, str]]:
    quota = "" if facts.quota is None else f", time of {facts.quota:.3g}"
    disk = facts.disk
    return [
        ("processor", facts.processor or NOTHING),
        ("processors", f"{facts.processors:,} usable{quota}"),
        ("memory", NOTHING if facts.memory is None else f"{bytes_text(facts.memory)} available"),
        (
            "disk of runs",
            NOTHING
            if disk is None or disk.free_bytes is None
            else _disk_text(disk.free_bytes, disk.file_system),
        ),
        ("training", _training_text(facts.training)),
    ]


def _training_text(training: Training) -> str:
    if training.failure is not None:
        return "failed"
    return "not tried" if training.seconds is None else f"a network in {seconds_text(training.seconds)}"


def _disk_text(free: int, file_system: str | None) -> str:
    return f"{bytes_text(free)} free" + (f" ({file_system})" if file_system else "")


def _extra_text(extra: Extra) -> str:
    if all(package.version is None for package in extra.packages):
        return MISSING
    return ", ".join(map(_package_text, extra.packages))


def _package_text(package: Package) -> str:
    state = ""
    if package.is_too_old:
        state = " (too old)"
    elif package.failure is not None:
        state = " (broken)"
    elif package.is_slow:
        state = " (slow to import)"
    return f"{package.requirement.package} {package.version or MISSING}{state}"
