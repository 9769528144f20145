"""The arrays that a pass over a batch writes to: allocated once per batch size, used at every step."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.hidden import hidden_buffers
from fnnctl.nn.layers.input_stage import stage_buffers
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.losses.joint import loss_class, target_type
from fnnctl.nn.shape import NetworkShape

COPIED_VALUES = 2**16
"""`freeze_inputs` copies a member's inputs if there are no more than this."""


class Workspace:
    """The arrays for K members and batches of one size."""

    def __init__(
        self,
        shape: NetworkShape,
        members: int,
        batch: int,
        dtype: np.dtype[np.floating],
        *,
        training: bool,
        weighted: bool = False,
        techniques: Mapping[str, FloatArray] = MappingProxyType({}),
        inputs: FloatArray | None = None,
    ) -> None:
        """Allocate the arrays.

        Examples may be `weighted` in the loss. `techniques` are the members' hyperparameters, (K,) each, of
        the techniques of training, by the names of their settings. `inputs`, (K, batch, inputs + 1), is the
        memory to use for the inputs if the caller has allocated it.
        """
        self.batch = batch
        self._inner = shape.inner_members
        columns = self._inner * batch  # of activations and scores: one inner member's after the other's
        self.ones = np.ones((columns, 1), dtype)
        """Sums over the columns are computed as products with this."""
        if inputs is None:
            inputs = np.empty((members, batch, shape.inputs + 1), dtype)
        self.inputs = inputs
        """Rows of the pool, each with a 1 at its end."""
        self.inputs_T = self.inputs.transpose(0, 2, 1)
        """One example per column: a view of `inputs`, or a copy once the inputs are frozen."""
        rows, kind = (members, batch, *shape.output.target_axis), target_type(shape.output, dtype)
        smoothing = techniques.get("label_smoothing")
        self.targets = Targets(
            y=np.empty(rows, kind),
            weights=np.empty(rows, dtype) if weighted else None,
            partners=np.empty(rows, kind) if "mixup" in techniques else None,
            share=np.empty(rows, dtype) if "mixup" in techniques else None,
            smoothing=None if smoothing is None else smoothing.astype(dtype)[:, None],
        )
        self.scores = np.empty((members, shape.scores, columns), dtype)
        self.loss = loss_class(shape.output)(shape.output, members, columns, dtype)
        self.stage = stage_buffers(shape, members, batch, dtype, training=training)
        """Those of the input stage; None if there is none."""
        gathered = None if self.stage is None else self.stage.gathered
        self.gathered_statistics: tuple[FloatArray, ...] = () if gathered is None else (gathered,)
        """Beside `inputs`: the statistics of the rows' categories, (K, batch, values), if there are any."""
        self.hidden = hidden_buffers(shape, members, batch, dtype, training=training)

    def set_targets(self) -> None:
        """Give the targets to the loss; inner members have the same ones."""
        inner = self._inner
        self.loss.set_targets(self.targets if inner == 1 else self.targets.repeated(inner))

    def member_scores(self) -> FloatArray:
        """The scores of each inner member, (K·N, scores, batch); if there is only one, `scores` itself."""
        if self._inner == 1:
            return self.scores
        members, rows, _ = self.scores.shape
        apart = self.scores.reshape(members, rows, self._inner, self.batch).swapaxes(1, 2)
        return apart.reshape(-1, rows, self.batch)

    def freeze_inputs(self) -> None:
        """Declare that the inputs will not change, and copy them to the memory layout that products prefer.

        Many inputs are not copied. The size of one member's inputs decides, so that its bits do not depend
        on the number of members.
        """
        if self.inputs[0].size <= COPIED_VALUES:
            self.inputs_T = np.ascontiguousarray(self.inputs.transpose(0, 2, 1))
