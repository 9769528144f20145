"""Interpolation in a graph beside NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from tests.data.bins import bin_coordinates
from tests.export.onnx.random_models import NEEDS_ONNX

pytestmark = [pytest.mark.extra, NEEDS_ONNX]


@pytest.mark.parametrize("knots", [1, 2, 3, 4, 5, 17, 512])
def test_interpolation_is_numpys(knots: int) -> None:
    from fnnctl.export.onnx.graph import Graph, ReferenceRuntime
    from fnnctl.export.onnx.interpolation import interpolated

    rng = np.random.default_rng(knots)
    x, y = np.sort(rng.normal(size=knots)), np.sort(rng.normal(size=knots))
    values = np.concatenate([rng.normal(size=50) * 2, x])[:, None]
    graph = Graph(["values", "result"])
    graph.input("values", "number", "")
    graph.output("result", interpolated(graph, "values", x.tolist(), y.tolist()), "number", ["rows", 1], "")
    (result,) = ReferenceRuntime(graph.content("g", "", {})).run({"values": values})
    np.testing.assert_allclose(result, np.interp(values, x, y), rtol=1e-12, atol=1e-12)


def test_segments_are_the_bins_of_the_preprocessing() -> None:
    """Of columns with different numbers of edges, also at the edges and beyond."""
    from fnnctl.export.onnx.graph import Graph, ReferenceRuntime
    from fnnctl.export.onnx.interpolation import segments

    edges: list[FloatArray] = [
        np.array([-1.0, 0.0, 0.5, 4.0]),
        np.array([2.0]),
        np.array([]),
        np.array([-1e300, 0.0, 1e300]),
        np.linspace(0.0, 1.0, 14),
    ]
    values = np.array([-1e300, -2.0, -1.0, -0.3, 0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 7.0, 1e300])
    graph = Graph(["values", "result"])
    numbers = graph.input("values", "number", "")
    found, _ = segments(graph, numbers, edges)
    coordinates = graph.add("Add", graph.cast(found.number, np.float64), found.fraction)
    graph.output("result", coordinates, "number", ["rows", len(edges)], "")
    (result,) = ReferenceRuntime(graph.content("g", "", {})).run({"values": values[:, None]})
    expected = np.stack([bin_coordinates(values, column) for column in edges], axis=1)
    np.testing.assert_allclose(result, expected, rtol=1e-14)
