"""Search spaces: the values that a search chooses from. Nothing here knows configs or networks.

Read in this order: `identity` (when two values are the same one), `domains` and `number_domains` (the values
of one dimension), `dimensions` (names and conditions), `layers` (hidden layers are several dimensions),
`assignments` (from the values of dimensions to those of settings and back), `expressions`,
`expression_parser` and `constraints` (what assignments must fulfil), `grid` and `space`, and `corners` (the
upper ends of what constraints allow).

    >>> from fnnctl.space.dimensions import Condition, Dimension
    >>> from fnnctl.space.domains import Choice
    >>> from fnnctl.space.number_domains import LogUniform
    >>> from fnnctl.space.space import Space
    >>> momentum = Dimension("momentum", LogUniform(0.1, 1.0), conditions=(Condition("name", ("sgd",)),))
    >>> space = Space([Dimension("name", Choice(("sgd", "adam"))), momentum])
    >>> space.assignment([0.2, 0.5])
    {'name': 'sgd', 'momentum': 0.31623}
    >>> space.assignment([0.7, 0.5])
    {'name': 'adam'}

The names that a Python program needs can be imported from here: `from fnnctl.space import LogUniform`.
"""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fnnctl.space.dimensions import Condition, Dimension
    from fnnctl.space.domains import Choice
    from fnnctl.space.number_domains import Integer, LogInteger, LogUniform, Normal, Uniform
    from fnnctl.space.space import Space

__all__ = [
    "Choice",
    "Condition",
    "Dimension",
    "Integer",
    "LogInteger",
    "LogUniform",
    "Normal",
    "Space",
    "Uniform",
]

_MODULES = {
    "Choice": "domains",
    "Condition": "dimensions",
    "Dimension": "dimensions",
    "Integer": "number_domains",
    "LogInteger": "number_domains",
    "LogUniform": "number_domains",
    "Normal": "number_domains",
    "Space": "space",
    "Uniform": "number_domains",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'fnnctl.space' has no attribute '{name}'")
    return getattr(import_module(f"fnnctl.space.{_MODULES[name]}"), name)
