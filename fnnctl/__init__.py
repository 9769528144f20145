"""fnnctl: experiments with feedforward neural networks, from one YAML file or from Python.

    >>> import fnnctl
    >>> run = fnnctl.train(data={"source": "iris"})
    >>> run.metrics["test"]["accuracy"] > 0.8
    True

Importing the package loads nothing: a name is imported when it is first used.
"""

from importlib import import_module

from fnnctl.version import __version__

TYPE_CHECKING = False  # as in typing, whose import would take ten times as long as all of this
if TYPE_CHECKING:
    from fnnctl.api.comparison import Comparison, compare
    from fnnctl.api.experiment import Experiment, evaluate, run_search, train
    from fnnctl.api.functions import Job, Optimizer, Optimum, optimize
    from fnnctl.api.observer import Observer
    from fnnctl.api.predictor import Contributions, Predictor
    from fnnctl.api.run import Run, list_runs, load_run
    from fnnctl.errors import FnnctlError, FnnctlWarning, Problem

__all__ = [
    "Comparison",
    "Contributions",
    "Experiment",
    "FnnctlError",
    "FnnctlWarning",
    "Job",
    "Observer",
    "Optimizer",
    "Optimum",
    "Predictor",
    "Problem",
    "Run",
    "__version__",
    "compare",
    "evaluate",
    "list_runs",
    "load_run",
    "optimize",
    "run_search",
    "train",
]

_MODULES = {
    "Comparison": "api.comparison",
    "Contributions": "api.predictor",
    "Experiment": "api.experiment",
    "FnnctlError": "errors",
    "FnnctlWarning": "errors",
    "Job": "api.functions",
    "Observer": "api.observer",
    "Optimizer": "api.functions",
    "Optimum": "api.functions",
    "Predictor": "api.predictor",
    "Problem": "errors",
    "Run": "api.run",
    "compare": "api.comparison",
    "evaluate": "api.experiment",
    "list_runs": "api.run",
    "load_run": "api.run",
    "optimize": "api.functions",
    "run_search": "api.experiment",
    "train": "api.experiment",
}
"""The module of each public name. No name is that of a module in this folder, which would replace it."""


_SUBMODULES = ("errors", "sklearn", "space")
"""What programs reach through the package, without an import of their own."""


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return import_module(f"fnnctl.{name}")
    if name not in _MODULES:
        raise AttributeError(f"module 'fnnctl' has no attribute '{name}'")
    value = getattr(import_module(f"fnnctl.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES})
