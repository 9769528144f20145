"""Plug-ins: losses, metrics and readers of tables of an installed package or of a Python program.

A package offers them as entry points. They are looked up when a config names something that fnnctl does not
know, so other commands do not even search the installed packages. What may be imported follows from the
`Scope` of a command or a call: names in the user's own config, and names that the user allows. The files of a
run, which may be another person's, choose nothing.

`fnnctl runs` imports this module, so it imports little, and its records have no methods that are not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from fnnctl.errors import ConfigError, Problem
from fnnctl.text import joined_words, quoted

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from fnnctl.arrays import FloatArray, IntArray

PluginKind: TypeAlias = Literal["loss", "metric", "table"]
GROUPS: Final[Mapping[PluginKind, str]] = {
    "loss": "fnnctl.losses",
    "metric": "fnnctl.metrics",
    "table": "fnnctl.tables",
}
"""The groups of entry points."""
NOUNS: Final[Mapping[PluginKind, str]] = {
    "loss": "the loss",
    "metric": "the metric",
    "table": "the reader of tables",
}
ALLOW: Final = "--allow-plugin"
REFUSED: Final = "plugin_refused"
"""The kind of the problem that a plug-in is installed and not allowed."""

Installed: TypeAlias = tuple[PluginKind, str, str, str]
"""Kind, name, package and version of a plug-in."""
Fault: TypeAlias = Callable[[str, Any], str | None]
"""Why an object cannot be the plug-in of this name; None if it can."""


class PluginError(ConfigError):
    """A plug-in is not installed, must not be imported, or is not what its entry point says."""


@dataclass(eq=False, repr=False, kw_only=True)
class LossPlugin:
    """A loss, as an entry point of `fnnctl.losses` gives it: the entries that a built-in loss has in tables.

    A metric is given as its `Metric`. Types of higher packages are named in the docstrings alone.
    """

    record: Any
    """A `LossRecord`: the section of the config, and what others must know of the loss."""
    formula: type[Any]
    """A `Loss`: loss and gradient. In a regression it is a `RealValueLoss`, which has losses of rows."""
    row_losses: Callable[[FloatArray, IntArray], FloatArray] | None = None
    """In a classification: the loss of each row, (n,), from outputs, (n, classes), and labels, (n,)."""
    operators: Callable[[Any, str], str] | None = None
    """Adds the operators to an ONNX `Graph` by which outputs follow from the scores of the network, a tensor
    of this name, and returns the name of the result; None if they follow as `scores` of the record says."""


@dataclass(eq=False, repr=False, kw_only=True)
class TablePlugin:
    """A reader of tables, as an entry point of `fnnctl.tables` gives it: its name is an ending of files."""

    file: Any
    """A `TableFile`: how the files are known."""
    open_table: Callable[..., AbstractContextManager[Any]]
    """Opens such a file: an `OpenTableFile` of `data.tables.readers`."""


@dataclass(eq=False, repr=False)
class Plugin:
    """A loss, a metric or a reader of tables in use, and the package that offers it."""

    kind: PluginKind
    name: str
    value: Any
    package: str | None = None
    """The installed package; None if a Python program has passed the object."""
    version: str | None = None

    @property
    def origin(self) -> str:
        """The package and its version, in words."""
        return origin(self.package, self.version)

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest of a run has, without anything that must be imported."""
        metric = self.value.facts if self.kind == "metric" else None
        return {
            "kind": self.kind,
            "name": self.name,
            "package": self.package,
            "version": self.version,
            "metric": metric,
        }


def origin(package: str | None, version: str | None) -> str:
    """The package of a plug-in, in words."""
    return "a Python program" if package is None else f"{package} {version}"


class Scope:
    """The plug-ins that one command, or one call from Python, uses."""

    def __init__(self, given: Iterable[Plugin] = (), allowed: Iterable[str] = ()) -> None:
        """`given` are those of a Python program; `allowed` are names that may be looked up in any case."""
        self._given = {(plugin.kind, plugin.name): plugin for plugin in given}
        self._used: dict[tuple[PluginKind, str], Plugin] = {}
        self._allowed = frozenset(allowed)
        self._is_open = False
        self._entries: dict[PluginKind, Sequence[EntryPoint]] = {}
        self._described: dict[str, Mapping[str, Any]] = {}

    def allow(self, names: Iterable[str]) -> None:
        """Let plug-ins of these names be looked up, whoever asks."""
        self._allowed |= {*names}

    @contextmanager
    def opened(self, is_open: bool = True) -> Iterator[None]:
        """Let every name be looked up within the block, because it is the user's own config that is read."""
        before, self._is_open = self._is_open, is_open
        try:
            yield
        finally:
            self._is_open = before

    @property
    def allowed(self) -> frozenset[str]:
        """The names that may be looked up, whoever asks."""
        return self._allowed

    @property
    def given(self) -> tuple[Plugin, ...]:
        """Those of a Python program, in use or not."""
        return tuple(self._given.values())

    @property
    def used(self) -> tuple[Plugin, ...]:
        """The plug-ins in use, in the order of their names: a key for what depends on them."""
        return tuple(self._used[key] for key in sorted(self._used)) if self._used else ()

    @property
    def installed(self) -> list[Installed]:
        """The plug-ins in use that packages offer, as another process can look them up."""
        return [
            (plugin.kind, plugin.name, plugin.package, plugin.version or "")
            for plugin in self.used
            if plugin.package is not None
        ]

    def get(self, kind: PluginKind, name: str) -> Plugin | None:
        """The plug-in of this name if it is in use; nothing is looked up."""
        return self._used.get((kind, name))

    def find(self, kind: PluginKind, name: str, fault: Fault) -> Plugin | None:
        """The plug-in of this name, which is looked up if it is not in use; None if no package offers one.

        Raises `PluginError` if it must not be imported, if two packages offer the name, or if the object is
        no such plug-in.
        """
        if plugin := self._used.get((kind, name)) or self._given.get((kind, name)):
            self._used[kind, name] = plugin
            return plugin
        entries = [entry for entry in self._installed(kind) if entry.name == name]
        if not entries:
            return None
        if not self._is_open and name not in self._allowed:
            raise PluginError(_refusal(kind, name, origin(*_distribution(entries[0]))))
        self._used[kind, name] = plugin = _loaded(kind, entries, fault)
        return plugin

    def installed_names(self, kind: PluginKind) -> list[str]:
        """The names that installed packages offer; nothing is imported."""
        return [entry.name for entry in self._installed(kind)]

    def find_all(self, kind: PluginKind, fault: Fault, on_error: Callable[[str], None]) -> None:
        """Look up all installed plug-ins of a kind; `on_error` is told of those that cannot be used."""
        for name in dict.fromkeys(entry.name for entry in self._installed(kind)):
            try:
                with self.opened():
                    self.find(kind, name, fault)
            except PluginError as error:
                on_error(error.message)

    def describe(self, facts: Iterable[Mapping[str, Any]]) -> None:
        """Keep what the manifest of a run says of its plug-ins, so that reports need not import them."""
        for plugin in facts:
            if plugin["metric"] is not None:
                self._described.setdefault(plugin["name"], plugin["metric"])

    @property
    def described_metrics(self) -> Mapping[str, Mapping[str, Any]]:
        """What manifests say of the metrics that are not in use, by name."""
        return {name: facts for name, facts in self._described.items() if ("metric", name) not in self._used}

    def _installed(self, kind: PluginKind) -> Sequence[EntryPoint]:
        if kind not in self._entries:
            from importlib.metadata import entry_points  # takes 20 ms

            self._entries[kind] = [*entry_points(group=GROUPS[kind])]
        return self._entries[kind]

    def __reduce__(self) -> tuple[Any, ...]:
        """A worker looks up the same entry points; only objects of a Python program are sent."""
        return _restored, (self.given, self.installed, self._allowed, [*self._used])


_scope: ContextVar[Scope | None] = ContextVar("plugins", default=None)


def current() -> Scope:
    """The scope of this command or call; without one, an empty scope begins here."""
    if (plugins := _scope.get()) is None:
        _scope.set(plugins := Scope())
    return plugins


@contextmanager
def scope(plugins: Scope | None = None) -> Iterator[Scope]:
    """Use the plug-ins of this scope, by default of a new one, within the block."""
    before = _scope.set(Scope() if plugins is None else plugins)
    try:
        yield current()
    finally:
        _scope.reset(before)


def value_in_use(kind: PluginKind, name: str) -> Any:
    """The object of a plug-in in use; raises `PluginError` if there is none of this name."""
    plugin = current().get(kind, name)
    if plugin is None:
        raise PluginError(Problem(f"there is no {kind} named {quoted(name)}"))
    return plugin.value


def values_in_use(kind: PluginKind) -> list[Any]:
    """The objects of the plug-ins of a kind that are in use."""
    return [plugin.value for plugin in current().used if plugin.kind == kind]


def unlike(plugins: Iterable[Installed]) -> str | None:
    """Why this process cannot have these plug-ins of packages and versions; None if it can."""
    installed = Scope()
    for kind, name, package, version in plugins:
        entries = [entry for entry in installed._installed(kind) if entry.name == name]
        if not entries:
            return f"{NOUNS[kind]} {quoted(name)} is not installed: install {package} {version}"
        if (package, version) not in map(_distribution, entries):
            return (
                f"{NOUNS[kind]} {quoted(name)} is that of {origin(*_distribution(entries[0]))}, "
                f"not of {package} {version}"
            )
    return None


def require(
    recorded: Iterable[Mapping[str, Any]],
    faults: Mapping[PluginKind, Fault],
    *,
    same_version: bool = False,
) -> list[str]:
    """Look up the plug-ins that a run has recorded, of the kinds that have a `fault`; return notes.

    A note says that the run used another version. Raises `PluginError`, which names the package that the run
    used, for plug-ins that are not installed, not allowed, or, with `same_version`, of another version.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    for facts in recorded:
        kind: PluginKind = facts["kind"]
        if kind not in faults:
            continue
        name, former = facts["name"], origin(facts["package"], facts["version"])
        try:
            with current().opened(False):
                plugin = current().find(kind, name, faults[kind])
        except PluginError as error:
            is_refused = error.problems[0].kind == REFUSED
            if is_refused and facts["package"] is not None:
                problems.append(_refusal(kind, name, former))  # as recorded, not as installed
            else:
                problems += error.problems
            continue
        if plugin is None:
            problems.append(_missing(kind, name, facts["package"], former))
        elif plugin.package is not None and plugin.origin != former:
            other = (
                f"the run used {NOUNS[kind]} {quoted(name)} of {former}, and this is that of {plugin.origin}"
            )
            if same_version:
                problems.append(Problem(other, advice=f"install {former} to continue the run"))
            else:
                notes.append(other)
    if problems:
        raise PluginError(*problems)
    return notes


def _refusal(kind: PluginKind, name: str, package: str) -> Problem:
    """A plug-in that is installed must not be imported, because only the files of a run name it."""
    text = f"{NOUNS[kind]} {quoted(name)} is code of the package {package}, which only you can allow"
    advice = f"if you trust it, add {ALLOW} {name} (from Python: allow_plugins=[{name!r}])"
    return Problem(text, kind=REFUSED, advice=advice)


def _missing(kind: PluginKind, name: str, package: str | None, former: str) -> Problem:
    """No installed package has a plug-in that a run has used."""
    if package is None:
        text = f"{NOUNS[kind]} {quoted(name)} was passed by a Python program"
        return Problem(text, advice="pass it again: plugins=[…]")
    text = f"{NOUNS[kind]} {quoted(name)} is not installed (entry points {GROUPS[kind]})"
    return Problem(text, advice=f"the run used that of {former}: install it")


def _loaded(kind: PluginKind, entries: Sequence[EntryPoint], fault: Fault) -> Plugin:
    """The plug-in of an entry point; raises `PluginError` if it is not the only one, or no plug-in."""
    entry = entries[0]
    package, version = _distribution(entry)
    what = f"{NOUNS[kind]} {quoted(entry.name)}"
    if len(entries) > 1:
        packages = joined_words(sorted(origin(*_distribution(offered)) for offered in entries))
        raise PluginError(Problem(f"{what} is offered by {packages}", advice="uninstall all but one"))
    try:
        value = entry.load()
    except Exception as error:  # whatever the package's own code raises
        reason = f"{type(error).__name__}: {error}"
        raise PluginError(
            Problem(f"{what} of {package} {version} cannot be imported ({entry.value}): {reason}")
        ) from error
    if wrong := fault(entry.name, value):
        raise PluginError(Problem(f"{what} of {package} {version} cannot be used ({entry.value}): {wrong}"))
    return Plugin(kind, entry.name, value, package, version)


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    """The name and the version of the package of an entry point."""
    return (entry.dist.name, entry.dist.version) if entry.dist else ("an unknown package", "")


def _restored(
    given: Sequence[Plugin],
    installed: Sequence[Installed],
    allowed: frozenset[str],
    used: Sequence[tuple[PluginKind, str]],
) -> Scope:
    """The scope of another process; raises `PluginError` if it cannot have the same plug-ins."""
    if problem := unlike(installed):
        raise PluginError(Problem(problem))
    restored = Scope(given, allowed)
    with restored.opened():
        for kind, name in used:
            restored.find(kind, name, lambda name, value: None)  # the first process has checked it
    return restored
