"""A graph under construction, and the file that it becomes. The only file that imports onnx."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, checker, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from fnnctl.version import __version__

OPSET: Final = 17
"""The version of the operators: that of 2022, so that older runtimes can read the file."""
ML_OPSET: Final = 3
IR_VERSION: Final = 8
ML: Final = "ai.onnx.ml"
"""The domain of operators on texts."""
SMALL: Final = 64
"""Equal constants of at most this many values are stored once."""
Array: TypeAlias = npt.NDArray[Any]
Kind = Literal["number", "text"]
_TYPES: Final[Mapping[Kind, int]] = {"number": TensorProto.DOUBLE, "text": TensorProto.STRING}


class Graph:
    """Nodes, constants, inputs and outputs; every tensor is known by its name."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        """`reserved` are the names of inputs and outputs, which no other tensor gets."""
        self._reserved = set(reserved)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._numbers = count(1)

    def input(self, name: str, kind: Kind, note: str) -> str:
        """A column of the table, (rows, 1)."""
        shape = ["rows", 1]
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[kind], shape, doc_string=note))
        return name

    def output(self, name: str, value: str, kind: Kind, shape: Sequence[str | int], note: str) -> None:
        """A tensor that is a result, under a name of its own."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[kind], shape, doc_string=note))

    def constant(self, value: npt.ArrayLike) -> str:
        """A tensor of constants: numbers of the array's type, or texts."""
        array = np.asarray(value, order="C")
        is_small = array.size <= SMALL and array.dtype != np.object_
        key = (array.dtype.str, array.shape, array.tobytes()) if is_small else None
        if key in self._known:
            return self._known[key]
        name = self._new_name("constant")
        self._constants.append(numpy_helper.from_array(array, name))
        if key is not None:
            self._known[key] = name
        return name

    def add(
        self, operator: str, *inputs: str | Array | np.generic, domain: str = "", **attributes: Any
    ) -> str:
        """The result of an operator of tensors and constants."""
        names = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        result = self._new_name(operator)
        self._nodes.append(helper.make_node(operator, names, [result], domain=domain, **attributes))
        return result

    def cast(self, value: str, dtype: npt.DTypeLike) -> str:
        """The tensor in another type of numbers."""
        return self.add("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def content(self, name: str, note: str, metadata: Mapping[str, str]) -> bytes:
        """The content of the file; raises ValueError if it is more than a file of this kind can have."""
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, self._constants, doc_string=note
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name="fnnctl",
            producer_version=__version__,
        )
        helper.set_model_props(model, dict(metadata))
        content: bytes = model.SerializeToString()
        checker.check_model(content, full_check=True)
        return content

    def _new_name(self, kind: str) -> str:
        return next(name for k in self._numbers if (name := f"{kind}_{k}") not in self._reserved)


class ReferenceRuntime:
    """Computes a graph in Python, where ONNX Runtime is not installed."""

    name = "onnx's reference evaluator"

    def __init__(self, content: bytes) -> None:
        self._evaluator = ReferenceEvaluator(content)

    def run(self, columns: Mapping[str, Array]) -> list[Array]:
        """The outputs for columns of rows, (n, 1) each."""
        outputs: list[Array] = self._evaluator.run(None, dict(columns))
        return outputs
