from __future__ import annotations

import numpy as np
import pytest

threadpoolctl = pytest.importorskip("threadpoolctl")  # scikit-learn brings it

from fnnctl.blas import set_blas_threads  # noqa: E402
from fnnctl.messages import sentences  # noqa: E402
from fnnctl.nn.parameters import ParameterLayout  # noqa: E402
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape  # noqa: E402
from fnnctl.training.threads import default_threads, threads_warning  # noqa: E402


def numpys_threads() -> set[int]:
    """The number of threads of NumPy's BLAS, as reported by an independent library."""
    np.ones((2, 2)) @ np.ones((2, 2))
    pools = threadpoolctl.threadpool_info()
    return {pool["num_threads"] for pool in pools if "numpy" in pool.get("filepath", "")}


def test_sets_the_threads_of_numpys_blas() -> None:
    before = numpys_threads()
    for count in (1, 2):
        assert set_blas_threads(count)
        assert numpys_threads() == {count}
    set_blas_threads(max(before))


@pytest.mark.parametrize(
    ("units", "default", "networks", "threads", "warned"),
    [
        (1000, 2, 1, 2, []),
        (1000, 2, 8, 1, []),
        (1000, 2, 8, 2, ["an ensemble's matrix products"]),
        (100, 1, 1, 2, ["the matrix products of a network of this size"]),
    ],
)
def test_the_size_decides_which_threads_make_training_slower(
    units: int, default: int, networks: int, threads: int, warned: list[str]
) -> None:
    layout = ParameterLayout(NetworkShape(100, (HiddenShape(units, "relu"),), OutputShape(10)))
    assert default_threads(layout) == default
    warnings = sentences(threads_warning(threads, layout, networks))
    begins = [f"training.threads is {threads}, but {reason}" for reason in warned]
    assert [text[: len(begin)] for text, begin in zip(warnings, begins, strict=True)] == begins
