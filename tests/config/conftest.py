"""What the tests of the config share: a config file to load, and random valid configs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from fnnctl.config.data import BUILTIN_NAMES
from fnnctl.config.loading import LoadedConfig, load_config
from fnnctl.errors import ConfigError

Load = Callable[..., LoadedConfig]

TRICKY = [
    "012", "1e-3", "0o17", "0x1f", "1:30", "1_000", ".inf", ".nan", "no", "True", "~", "null", "", "<<",
    "- a", "a: b", "# c", " before", "after ", "*a", "&a", "!a", "%a", "@a", "'", '"', "\\", "a\nb", "a\tb",
    "\u2028", "\ufeff", "\xa0", "ü", "😀", "2024-11-24", "=", "---", "...", "?", ":", ",", "[", "}",
    "x" * 200,
]  # fmt: skip


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a text to `experiment.yaml` and load it."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str | bytes, *overrides: str, **options: Any) -> LoadedConfig:
        file = Path("experiment.yaml")
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(file, overrides, **options)

    return load_text


@pytest.fixture
def problems(load: Load) -> Callable[..., list[str]]:
    """Load a text that is wrong, and return the problems as lines, without the file's name."""

    def lines(text: str | bytes, *overrides: str, **options: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, *overrides, **options)
        return [str(problem).removeprefix("experiment.yaml:") for problem in caught.value.problems]

    return lines


@pytest.fixture(scope="session")
def raw_configs() -> st.SearchStrategy[dict[str, Any]]:
    """Random configs as plain values, all of them valid."""
    return raw_experiment()


_visible = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
_texts = st.one_of(
    st.sampled_from([text for text in TRICKY if text]),
    st.text(st.one_of(_visible, st.sampled_from("\n\t\r")), min_size=1, max_size=30),
)
_names = st.one_of(
    st.sampled_from(
        [text for text in TRICKY if 0 < len(text) <= 200 and "\n" not in text and "\t" not in text]
    ),
    st.text(_visible, min_size=1, max_size=200),
)
_sha256 = st.text("0123456789abcdef", min_size=64, max_size=64)
_initializations = st.sampled_from(
    ["auto", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal"]
)


def _numbers(
    low: float, high: float, *, above: bool = False, below: bool = False
) -> st.SearchStrategy[float]:
    return st.floats(low, high, exclude_min=above, exclude_max=below)


def _mapping(
    needed: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed, optional=optional)


def _named(name: str, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(name), _mapping({"name": st.just(name)}, **optional))


_activations = st.one_of(
    _named("relu"),
    _named("tanh"),
    _named("leaky_relu", slope=_numbers(0, 1, below=True)),
    _named("prelu", slope=_numbers(-1, 1), shared=st.booleans()),
    _named("elu", alpha=_numbers(0, 100, above=True)),
    _named("swish", beta=_numbers(0, 100)),
)
_units = st.integers(1, 1_000_000)
_layers = st.one_of(
    _units, _mapping({"units": _units}, activation=_activations, initialization=_initializations)
)
_rates = _numbers(0, 1e6, above=True)
_decays = _numbers(0, 1, below=True)
_optimizers = st.one_of(
    _named("sgd", learning_rate=_rates),
    _named("momentum", learning_rate=_rates, momentum=_decays),
    _named("nesterov", learning_rate=_rates, momentum=_decays),
    _named("adam", learning_rate=_rates, beta1=_decays, beta2=_decays, epsilon=_numbers(0, 1, above=True)),
    _named("adadelta", learning_rate=_rates, decay=_decays, epsilon=_numbers(0, 1, above=True)),
    _mapping({}, beta1=_decays),
)
_stopping = _mapping(
    {"monitor": st.sampled_from(["train_loss", "train_accuracy"])},
    patience=st.integers(1, 10_000_000),
    tolerance=_numbers(0, 1e300),
    restore_best=st.booleans(),
)
_training = _mapping(
    {},
    epochs=st.integers(1, 10_000_000),
    batch_size=st.one_of(st.just("auto"), st.integers(1, 1_000_000_000)),
    shuffle=st.booleans(),
    optimizer=_optimizers,
    l2=_numbers(0, 1e6),
    early_stopping=st.one_of(st.none(), _stopping),
    precision=st.sampled_from(["float32", "float64"]),
    threads=st.one_of(st.just("auto"), st.integers(1, 1024)),
)


@st.composite
def _data(draw: st.DrawFn) -> dict[str, Any]:
    """A `data` section in which nothing is given that nothing reads."""
    shares = _numbers(0, 0.5, below=True)
    columns = _mapping(
        {}, **dict.fromkeys(("numeric", "categorical", "ignore"), st.lists(_texts, max_size=3))
    )
    data = draw(
        _mapping(
            {"source": st.one_of(st.sampled_from(BUILTIN_NAMES), _texts)},
            sha256=_sha256,
            target=_texts,
            columns=columns,
            imputation=st.sampled_from(["median", "mean"]),
            scaling=st.sampled_from(["standardize", "robust", "minmax", "none"]),
        )
    )
    if data["source"] not in BUILTIN_NAMES:
        missing_values = st.lists(st.sampled_from(TRICKY), max_size=4)
        data |= draw(
            _mapping({}, delimiter=st.sampled_from(",;\t|~ "), encoding=_texts, missing_values=missing_values)
        )
    if draw(st.booleans()):
        data |= draw(_mapping({"test_source": _texts}, test_sha256=_sha256))
        data["split"] = draw(_mapping({}, validation=shares))
    else:
        data["split"] = draw(_mapping({}, validation=shares, test=shares))
    if data["split"].get("validation") != 0:
        data["split"] |= draw(_mapping({}, stratify=st.booleans()))
    return data


@st.composite
def raw_experiment(draw: st.DrawFn) -> dict[str, Any]:
    """A config in which no rule is broken and nothing is left to be filled in from other settings."""
    hidden = draw(st.lists(_layers, max_size=4))
    optional: dict[str, st.SearchStrategy[Any]] = {"initialization": _initializations}
    if any(not isinstance(layer, dict) or "activation" not in layer for layer in hidden):
        optional["activation"] = _activations
    model = {"hidden": hidden} | draw(_mapping({}, **optional))
    data, training = draw(_data()), draw(_training)
    if data["split"].get("validation") == 0:
        training.setdefault("early_stopping", None)
    config = {"data": data, "model": model, "training": training}
    return config | draw(_mapping({"name": _names}, seed=st.integers(0, 2**64 - 1)))
