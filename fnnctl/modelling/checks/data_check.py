"""What is told of the data before training: probable mistakes, and how much one column says."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.data.splits.parts import Split
from fnnctl.data.warnings import data_warnings
from fnnctl.modelling.checks.best_column import BestColumn, check_columns
from fnnctl.tasks.task import TaskData


@dataclass(frozen=True, slots=True)
class DataCheck:
    """What was found in the data."""

    warnings: list[str]
    """The most severe ones first: leaks of the target, then what the parts lack or share."""
    best_column: BestColumn | None
    """None if there are too few rows or too many columns to tell."""

    @classmethod
    def of_parts(
        cls, data: TaskData, split: Split, *, bags: bool = False, max_categories: int | None = None
    ) -> DataCheck:
        """Check data that are divided into these parts; the options are those of `data_warnings`."""
        columns = check_columns(data, split)
        own = data_warnings(data.dataset, split, bags=bags, max_categories=max_categories)
        own += data.task.split_warnings(data.targets, split)
        return cls([*columns.warnings, *own, *data.warnings], columns.best)

    @classmethod
    def of_folds(
        cls, data: TaskData, fold_warnings: list[str], *, max_categories: int | None = None
    ) -> DataCheck:
        """Check data that are divided into folds, about which these warnings are known."""
        columns = check_columns(data, None)
        own = [*data_warnings(data.dataset, None, max_categories=max_categories), *fold_warnings]
        return cls([*columns.warnings, *own, *data.warnings], columns.best)
