"""Configs of all kinds: drawn from the schema, taken from the examples, changed as values and as texts.

What is accepted is accepted again from its `resolved.yaml`, and is the same experiment.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml

from fnnctl.config.paths import format_path
from fnnctl.config.reading.loading import ConfigText, load_config
from fnnctl.config.reading.overrides import Override, Removal
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.rules.plain_config import with_value
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import Form, field_forms, required_keys
from fnnctl.config.schema.records import SettingRecord, setting_records
from fnnctl.config.schema.section import Section
from fnnctl.errors import ConfigError
from fnnctl.modelling.loading import load_experiment
from tests.fuzzing.small_table import CLASSES, COLUMNS, NAME, write_small_table
from tests.fuzzing.trying import BrokenPromiseError, Kind
from tests.fuzzing.values import TEXTS, changed, changed_bytes, spliced, spliced_lines, wild

ROOT: Final = Path(__file__).parents[2]
_EXAMPLES: Final = [
    re.sub(" *#.*\n", "\n", path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "configs").glob("*.yaml"))
]
_WRONG: Final = [
    case
    for text in (ROOT / "tests" / "config" / "wrong_configs.txt").read_text(encoding="utf-8").split("\n\n")
    if (case := "\n".join(line for line in text.split("\n") if not line.startswith(("=>", "##", "--"))))
]
_ENVIRONMENT: Final = {"HOME": "/home", "NAME": "yes: [", "NUMBER": "0.5", "EMPTY": ""}
_BASES: Final = {
    "base.yaml": "model: {hidden: [4]}\ntraining: {epochs: 3, optimizer: sgd}\n",
    "loop.yaml": "extends: loop.yaml\n",
    "two.yaml": "extends: [base.yaml, NONE.yaml]\nseed: 3\n",
    "wrong.yaml": "training: {epochs: -1, unknown: 3}\n",
    "no.yaml": "a: [\n",
}
_FILES: Final = (NAME, "new.csv", "missing.csv", "iris", *_BASES, ".", "/", "a.parquet", "a.npz", "memory")
_WORDS: Final = (*COLUMNS, *CLASSES, *COLUMNS, *_FILES, "2024-06-01", "0", "1", "accuracy", "training.l2")
_DEEP: Final = 30
"""One in so many accepted configs is checked with the table as well, and written and read again."""
_SEARCHED: Final = 5
"""The search of one in so many is checked: it takes as long as all the rest."""

Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Dumper: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class ConfigCase:
    """A config, with changes of the command line."""

    content: bytes
    overrides: tuple[Override, ...]
    is_deep: bool
    is_searched: bool


def config_kind(folder: Path) -> Kind:
    """Configs in a folder, which gets a table and bases."""
    write_small_table(folder)
    write_small_table(folder, rows=12, name="new.csv")
    for name, text in _BASES.items():
        (folder / name).write_text(text, encoding="utf-8")

    def attempt(case: ConfigCase) -> str:
        return _attempt(case, folder)

    return Kind("configs", _case, attempt)


def _case(rng: Random) -> ConfigCase:
    kind = rng.random()
    if kind < 0.75:
        content = _written(_drawn(rng), rng)
    elif kind < 0.9:
        content = rng.choice(_WRONG)
    else:
        content = rng.choice(_EXAMPLES)
        if rng.random() < 0.7:
            value = yaml.load(content, Loader)
            for _ in range(rng.choice((1, 1, 2))):
                changed(value, rng)
            content = _written(value, rng)
    for _ in range(rng.choice((0, 0, 0, 0, 0, 0, 1, 2))):
        content = rng.choice((spliced, spliced, spliced_lines))(content, rng)
    data = content.encode("utf-8", "surrogatepass" if rng.random() < 0.1 else "replace")
    if rng.random() < 0.03:
        data = changed_bytes(data, rng)
    overrides = tuple(_override(rng) for _ in range(rng.choice((0, 0, 0, 0, 1, 2))))
    return ConfigCase(data, overrides, rng.randrange(_DEEP) == 0, rng.randrange(_SEARCHED) == 0)


def _drawn(rng: Random) -> dict[str, Any]:
    """Some settings with values of their forms, or wild ones; sometimes a search."""
    target = rng.choice(("y", "z", "y", "z", ["y", "z"], ["z", "b"]))
    config: Any = {"data": {"source": NAME, "target": target}}
    if rng.random() < 0.7:
        config["recipe"] = rng.choice(("classic", "classic", "fast", "default"))
    records = setting_records()
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
        record = rng.choice(records)
        value = wild(rng) if rng.random() < 0.08 else drawn_value(record.forms, rng)
        config = _with(config, record, value)
    if "search" in config or rng.random() < 0.1:
        config.setdefault("search", {})
        if isinstance(config["search"], dict) and rng.random() < 0.9:
            config["search"]["space"] = _space(rng)
            config["search"].setdefault("method", rng.choice(("random", "grid", "halving", "asha", "bayes")))
    while rng.random() < 0.1:
        changed(config, rng)
    return dict(config)


def _with(config: Any, record: SettingRecord, value: Any) -> Any:
    try:
        config = with_value(config, record.path, value)
        if record.key != "name" and "name" in record.section.model_fields and record.path[:-1]:
            names = drawn_value(field_forms(record.section, "name"), Random(0))
            config = with_value(config, (*record.path[:-1], "name"), names)
    except (ConfigError, TypeError, LookupError, AttributeError):
        return config
    return config


def _space(rng: Random) -> dict[str, Any]:
    """A search space over some settings."""
    space: dict[str, Any] = {}
    for _ in range(rng.choice((1, 1, 2, 3))):
        record = rng.choice(setting_records())
        values = [drawn_value(record.forms, rng) for _ in range(rng.choice((1, 2, 3)))]
        numbers = sorted(value for value in values if isinstance(value, int | float))
        domain: Any = {"choice": values}
        if len(numbers) > 1 and rng.random() < 0.7:
            domain = {rng.choice(("uniform", "log_uniform", "integer")): [numbers[0], numbers[-1]]}
        if rng.random() < 0.2:
            domain["when"] = {format_path(rng.choice(setting_records()).path): values[0]}
        space[format_path(record.path)] = wild(rng) if rng.random() < 0.05 else domain
    return space


def drawn_value(forms: Sequence[Form], rng: Random, words: Sequence[str] = _WORDS, *, depth: int = 0) -> Any:
    """A value of one of the forms; texts and keys are mostly of the `words`."""
    if not forms:
        return wild(rng)
    form = rng.choice(forms)
    match form.kind:
        case "section":
            assert form.section is not None
            return _section(form.section, rng, words, depth + 1)
        case "mapping":
            keys = rng.choices(words, k=rng.choice((0, 1, 1, 2)))
            return {key: drawn_value(form.entries, rng, words, depth=depth + 1) for key in keys}
        case "list":
            lengths = (0, 1, 1, 2, 3) if form.min_length is None else (form.min_length,)
            return [
                drawn_value(form.entries, rng, words, depth=depth + 1) for _ in range(rng.choice(lengths))
            ]
        case "words":
            return rng.choice(form.words)
        case "integer" | "number":
            return _number(form, rng)
        case "text":
            return rng.choice(words if rng.random() < 0.9 else TEXTS)
        case "boolean":
            return rng.random() < 0.5
        case "null":
            return None
        case "any":
            return rng.choice((rng.choice(words), rng.randrange(10), wild(rng)))


def _section(section: type[Section], rng: Random, words: Sequence[str], depth: int) -> dict[str, Any]:
    needed = {*required_keys(section), *(("name",) if rng.random() < 0.9 else ())}
    share = 0.25 / depth
    return {
        key: drawn_value(field_forms(section, key), rng, words, depth=depth)
        for key in section.model_fields
        if key in needed or rng.random() < share
    }


def _number(form: Form, rng: Random) -> float:
    low = form.gt if form.ge is None else form.ge
    high = form.lt if form.le is None else form.le
    low, high = -1e9 if low is None else low, 1e9 if high is None else high
    if form.kind == "integer":
        near = rng.randint(int(low), min(int(high), int(low) + 12))
        return rng.choice(
            (
                near,
                near,
                near,
                near,
                near,
                near,
                int(low),
                int(high),
                int(low) - 1,
                rng.randint(int(low), int(high)),
            )
        )
    if low >= 0 and rng.random() < 0.4:
        return math.exp(rng.uniform(math.log(max(low, 1e-6)), math.log(max(min(high, 1e3), 1e-5))))
    return rng.choice((low, high, *(rng.uniform(low, most) for most in (high, high, min(high, low + 1)))))


def _written(value: Any, rng: Random) -> str:
    """A value as YAML: in blocks, or on one line."""
    try:
        if rng.random() < 0.75:
            return json.dumps(value, ensure_ascii=False)
        dumped: str = yaml.dump(
            value, Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=rng.random() < 0.2
        )
    except (ValueError, TypeError, yaml.YAMLError):  # an integer of too many digits, a lone surrogate
        return repr(value) if rng.random() < 0.5 else "{}"
    return dumped


def _override(rng: Random) -> Override:
    record = rng.choice(setting_records())
    path = format_path(record.path)
    if rng.random() < 0.2:
        return Removal(path if rng.random() < 0.9 else spliced(path, rng))
    try:
        value = json.dumps(drawn_value(record.forms, rng), ensure_ascii=False)
    except ValueError:
        value = "1"
    text = f"{path}={value}"
    return text if rng.random() < 0.8 else spliced(text, rng)


def _attempt(case: ConfigCase, folder: Path) -> str:
    source = ConfigText(case.content, folder / "x.yaml", has_lines=True, environment=_ENVIRONMENT)
    loaded = load_config(source, case.overrides)
    experiment = loaded.experiment
    is_searched = case.is_searched and experiment.search is not None
    if is_searched and (problems := loaded.search_problems()):
        raise ConfigError(*problems)
    if not case.is_deep:
        return "read"
    _check_repeated(experiment, folder, is_complete=False)
    with_data = load_experiment(source, case.overrides, runs_dir=folder / "runs")
    fit = with_data.fit(with_data.split())
    if problems := with_data.search_problems():
        raise ConfigError(*problems)
    _check_repeated(fit.experiment, folder, is_complete=True)
    return "checked with data"


def _check_repeated(experiment: Experiment, folder: Path, *, is_complete: bool) -> None:
    """An experiment is read again from what is written of it."""
    text = resolved_yaml(experiment)
    try:
        again = load_config(
            ConfigText(text.encode(), folder / "resolved.yaml", has_lines=True, is_of_run=True)
        )
    except ConfigError as error:
        raise BrokenPromiseError(f"resolved.yaml is refused: {error.problems[0].path}") from error
    wanted = experiment.model_copy(update={"complete": True})
    if again.experiment != wanted:
        names = [
            name
            for name in Experiment.model_fields
            if getattr(wanted, name) != getattr(again.experiment, name)
        ]
        if not is_complete and names != ["search"]:
            raise BrokenPromiseError(f"resolved.yaml is another experiment: {', '.join(names)}")
    if configuration_seed(again.experiment) != configuration_seed(wanted):
        raise BrokenPromiseError("the experiment of resolved.yaml has another seed")
    if resolved_yaml(again.experiment) != text:
        raise BrokenPromiseError("resolved.yaml is written in another way the second time")
