"""The values of one dimension. Each domain maps the unit interval to its values, and back.

Coordinates are comparable across domains: samplers draw them, and models and plots compare them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final, Literal, TypeAlias

from fnnctl.space.identity import identity, index_of

BELOW_ONE: Final = 1.0 - 2.0**-53
"""The largest number below 1."""
YAML_WORDS: Final = {"None": "null", "True": "true", "False": "false"}
"""What YAML writes for the constants of Python."""

DomainPath: TypeAlias = tuple[str | int, ...]
DomainProblem: TypeAlias = tuple[DomainPath, str]
"""A path inside the domain as the config has it, and what is wrong there."""


class Domain(ABC):
    """The values of one dimension. Unless a subclass says otherwise, all are equally likely."""

    key: ClassVar[str]
    """The key of this kind of domain in a config."""
    ordered: ClassVar[bool] = True
    """Whether the values have an order, so that two of them can be near each other."""
    log: ClassVar[bool] = False
    """Whether the values are spread evenly on a logarithmic scale."""

    @property
    @abstractmethod
    def values(self) -> Sequence[Any] | None:
        """All values in order; None if the domain is continuous."""

    @abstractmethod
    def problems(self) -> Iterator[DomainProblem]:
        """Everything that is wrong with the domain itself."""

    @abstractmethod
    def path_of(self, value: Any) -> DomainPath:
        """The path of a value inside the domain as the config has it."""

    @abstractmethod
    def values_to_try(self) -> Sequence[Any]:
        """The values to check the domain with: all of a choice or of a few, otherwise both ends."""

    @abstractmethod
    def neighbours(self, value: Any) -> list[Any]:
        """The values one step away: at most two in an ordered domain, otherwise all others."""

    @property
    def scale(self) -> Literal["choice", "linear", "log"]:
        """The scale of an axis for this domain."""
        return "log" if self.log else "linear"

    def value(self, u: float) -> Any:
        """The value at a point of [0, 1): the inverse of the distribution function."""
        values = self.values or ()
        return values[min(int(u * len(values)), len(values) - 1)]

    def coordinate(self, value: Any) -> float:
        """The coordinate of a value, in [0, 1); in a finite domain, the middle of the value's share.

        Raises ValueError if a finite domain does not contain the value.
        """
        index = self._index(value)
        if index is None:
            raise ValueError(f"{value!r} is not in the domain")
        return (index + 0.5) / len(self.values or ())

    def share(self, value: Any) -> tuple[float, float]:
        """The ends of the share of the unit interval that gives this value: one point if it is continuous.

        Raises ValueError if a finite domain does not contain the value.
        """
        middle, half = self.coordinate(value), 0.5 / len(self.values or ())
        return middle - half, middle + half

    def nearest_coordinate(self, value: Any) -> float | None:
        """The coordinate of the domain's nearest value; None if no value is near, as in a choice."""
        return self.coordinate(value) if value in self else None

    def grid(self, resolution: int) -> Sequence[Any]:
        """At most `resolution` evenly spread values; all values of a choice or of a domain with steps."""
        return self.values or ()

    def __contains__(self, value: Any) -> bool:
        return self._index(value) is not None

    def _index(self, value: Any) -> int | None:
        if isinstance(self.values, range):
            return index_of(value, self.values)
        return self._indices.get(identity(value))

    @cached_property
    def _indices(self) -> dict[Hashable, int]:
        return {identity(value): index for index, value in enumerate(self.values or ())}


@dataclass(frozen=True)
class Choice(Domain):
    """One of several values, all equally likely."""

    key = "choice"
    ordered = False

    choice: Sequence[Any]

    @property
    def values(self) -> Sequence[Any]:
        return self.choice

    @property
    def scale(self) -> Literal["choice", "linear"]:
        return "linear" if all(isinstance(value, int | float) for value in self.choice) else "choice"

    def problems(self) -> Iterator[DomainProblem]:
        if not self.choice:
            yield ("choice",), "is empty; write the values to choose from, such as [0.1, 0.01]"
        first: dict[Hashable, int] = {}
        for index, value in enumerate(self.choice):
            if first.setdefault(identity(value), index) < index:
                text = YAML_WORDS.get(repr(value), repr(value))
                yield ("choice", index), f"{text} is given twice; remove one of the two"

    def path_of(self, value: Any) -> DomainPath:
        index = self._index(value)
        return ("choice",) if index is None else ("choice", index)

    def values_to_try(self) -> Sequence[Any]:
        return self.choice

    def neighbours(self, value: Any) -> list[Any]:
        return [other for other in self.choice if identity(other) != identity(value)]
