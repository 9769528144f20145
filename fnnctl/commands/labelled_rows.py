"""The rows of a new file that have a label, and what a stored network says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.commands.new_data import InputFile, Note
from fnnctl.commands.stored_network import StoredNetwork
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.new_rows import NewRows
from fnnctl.data.problems import Problems
from fnnctl.errors import DataError, Problem, did_you_mean, quoted_list
from fnnctl.text import counted, shown


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """n rows that have a label."""

    numbers: IntArray
    """(n,), in the file, from 0."""
    labels: IntArray
    """(n,), indices of the network's classes."""
    scores: list[FloatArray]
    """(n, classes) in all, batch by batch."""


def read_labelled(given: InputFile, network: StoredNetwork, note: Note) -> LabelledRows:
    """Read and score all rows that have a label; `note` is told what is noteworthy.

    Raises `DataError` where a label is no class of the network, and where there is no label at all.
    """
    target = network.description.target
    numbers: list[IntArray] = []
    labels: list[IntArray] = []
    left_out = 0

    def pieces(blocks: Iterator[NewRows]) -> Iterator[tuple[NewRows, IntArray]]:
        nonlocal left_out
        code = {name: index for index, name in enumerate(network.classes)}
        for block in blocks:
            codes = _codes(block.labels, code, given.name)
            kept = np.flatnonzero(codes >= 0)
            numbers.append(block.first + kept)
            labels.append(codes[kept])
            left_out += len(codes) - len(kept)
            yield block, kept

    with given.open(network, note, labelled=True) as blocks:
        scores = list(network.scores(pieces(blocks)))
    if not scores:
        message = f"no row has a value in the label's column {shown(target)}"
        raise DataError(Problem(message, file=given.name))
    if left_out:
        note(f"{given.name}: left out {counted(left_out, 'row')} without a value in {shown(target)}")
    rows = LabelledRows(np.concatenate(numbers), np.concatenate(labels), scores)
    start = 0
    for batch in scores:
        given.refuse_overflow(batch, rows.numbers[start : start + len(batch)])
        start += len(batch)
    return rows


def _codes(labels: CodedTexts | None, code: Mapping[str, int], file: str) -> IntArray:
    """(n,) a block's labels as indices of classes, -1 where missing."""
    if labels is None:
        raise ValueError("the rows were read without labels")
    problems = Problems(file)
    for text, line in zip(labels.texts, labels.lines, strict=True):
        if text not in code:
            hint = did_you_mean(text, code) or f"; the classes are {quoted_list([*map(shown, code)])}"
            problems.add(f"the label {shown(text)} does not occur in the training data{hint}", line=line)
    problems.raise_any()
    return np.array([*(code[text] for text in labels.texts), -1], np.intp)[labels.codes]
