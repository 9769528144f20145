"""Numbers, of one target or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.sklearn.base import Estimator, input_as_value_errors
from fnnctl.sklearn.library import RegressorMixin, check_array
from fnnctl.sklearn.targets import stacked


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """Numbers, even if a classification would be detected."""

    def _encoded(self, y: npt.NDArray[Any], classes: Any, *, goes_on: bool) -> npt.NDArray[Any]:
        numbers: npt.NDArray[Any] = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        return numbers

    def _settings(self) -> dict[str, Any]:
        return self._target_settings(super()._settings(), "regression", "squared")

    def _several_encoded(
        self, columns: Sequence[npt.NDArray[Any]], classes: Any, *, goes_on: bool, may_go_on: bool
    ) -> npt.NDArray[Any]:
        numbers: npt.NDArray[Any] = check_array(stacked(columns), dtype=np.float64, input_name="y")
        return numbers

    def predict(self, X: Any) -> FloatArray:
        """The value of each row, (n,); of several targets (n, T)."""
        rows = self._new_rows(X)
        with input_as_value_errors():
            predicted: Any = self.run_.predictor.predict(rows)
        if len(self._targets) > 1:
            predicted = np.stack([predicted[name] for name in self._targets], axis=1)
        values: FloatArray = predicted
        return values

    def predict_interval(self, X: Any, coverage: float) -> FloatArray:
        """The lower and upper ends, (n, 2), of intervals that hold the value in about this share of rows.

        Of several targets (n, T, 2); each interval holds its own target.
        """
        rows, predictor = self._new_rows(X), self.run_.predictor
        with input_as_value_errors():
            ends = [predictor.of_target(name).predict_interval(rows, coverage) for name in self._targets]
        return ends[0] if len(ends) == 1 else np.stack(ends, axis=1)
