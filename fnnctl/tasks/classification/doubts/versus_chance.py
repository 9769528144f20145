"""A warning if decisions at a threshold, or after training with class weights, are of no use.

A threshold and class weights may lower the accuracy on purpose, so accuracy says nothing here. A network is
of use if it ranks rows better than chance, and if its decisions cost less than always making the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fnnctl.arrays import FloatArray
from fnnctl.metrics.paired import LEVEL, mean_test
from fnnctl.metrics.statistics import AucEstimate
from fnnctl.tasks.doubts import UNKNOWN, Course, worth_trying
from fnnctl.text import counted, shown

CHANCE = 0.5
"""The ROC AUC of a random order."""


def decision_warning(
    positive: str,
    area: AucEstimate | None,
    costs: tuple[FloatArray, FloatArray] | None,
    *,
    rows: int,
    where: str,
    course: Course = UNKNOWN,
) -> str | None:
    """A warning unless the ROC AUC is above 0.5 and the costs are lower, both by more than chance.

    Args:
        positive: The name of the positive class.
        area: Its ROC AUC; None if these rows have none, and there is no warning.
        costs: What each row costs, (n,), and what it would if one class were always predicted; or None.
        rows: The number of rows, n.
        where: Which rows these are, such as `on the test part`.
        course: What is known about the training.
    """
    if area is None:
        return None
    if _lower_end(area) <= CHANCE:
        said = (
            f"the ROC AUC of {shown(positive)} {where} is {area.area:.3g}, not above 0.5 by more than "
            "chance, so no threshold separates the classes"
        )
        if _lower_end(replace(area, area=1.0)) <= CHANCE:
            return f"{said}: {counted(rows, 'row')} are too few to tell"
        return f"{said}: {worth_trying(rows, is_ahead=area.area > CHANCE, course=course)}"
    if costs is None:
        return None
    own, always = costs
    if mean_test(always - own) <= LEVEL:
        return None
    cost, least = float(own.mean()), float(always.mean())
    return (
        f"the decisions cost {cost:.3g} per row {where}, which is not less than always predicting one class "
        f"({least:.3g}) by more than chance: {worth_trying(rows, is_ahead=cost < least, course=course)}"
    )


def ranking_warning(
    classes: Sequence[str],
    areas: Sequence[AucEstimate | None],
    *,
    rows: int,
    where: str,
    course: Course = UNKNOWN,
) -> str | None:
    """A warning unless the ROC AUC of some class, against all others, is above 0.5 by more than chance.

    Args:
        classes: The names of the classes.
        areas: Their ROC AUCs; None for a class without one on these rows.
        rows: The number of rows.
        where: Which rows these are, such as `on the test part`.
        course: What is known about the training.
    """
    known = [(area, name) for area, name in zip(areas, classes, strict=True) if area is not None]
    if not known or any(_lower_end(area) > CHANCE for area, _ in known):
        return None
    best, name = max(known, key=lambda each: each[0].area)
    if len(classes) == 2:
        return decision_warning(classes[1], best, None, rows=rows, where=where, course=course)
    said = (
        f"no class has a ROC AUC above 0.5 by more than chance {where}: the largest is {best.area:.3g}, "
        f"of {shown(name)}"
    )
    if all(_lower_end(replace(area, area=1.0)) <= CHANCE for area, _ in known):
        return f"{said}; {counted(rows, 'row')} are too few to tell"
    return f"{said}; {worth_trying(rows, is_ahead=best.area > CHANCE, course=course)}"


def _lower_end(area: AucEstimate) -> float:
    """The lower end of the interval; 0 if there is none."""
    interval = area.interval()
    return interval[0] if interval else 0.0
