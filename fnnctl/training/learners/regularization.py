"""Dropout rates and weight decays that change from step to step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.base import Optimizer
from fnnctl.nn.optimizers.blocks import shared
from fnnctl.nn.optimizers.share_schedules import SHARE_SCHEDULES
from fnnctl.training.members import Member, StackSettings


class ScheduledRegularization:
    """The shares of dropout and weight decay in each step; they follow from its number, so none is saved."""

    def __init__(
        self, settings: StackSettings, members: Sequence[Member], network: Network, optimizer: Optimizer
    ) -> None:
        self._dropout = SHARE_SCHEDULES.get(settings.dropout_schedule)
        self._decay = SHARE_SCHEDULES.get(settings.weight_decay_schedule)
        dropouts = [layer.dropout for layer in network.layers] if self._dropout else []
        self._dropouts = [dropout for dropout in dropouts if dropout]
        self._optimizer = optimizer
        self._horizon = np.array([float(member.horizon or member.epochs) for member in members])
        self._decays: FloatArray | None = None
        self.is_active = bool(self._dropouts or self._decay)
        """Whether anything changes; otherwise the two methods need not be called."""

    def begin_epoch(self, epoch: int, steps: int) -> None:
        """Compute the shares of the epoch's steps."""
        if self._dropout:
            shares = self._dropout(epoch, steps, self._horizon)
            for dropout in self._dropouts:
                dropout.plan(shares)
        if self._decay:
            shares = self._decay(epoch, steps, self._horizon).astype(self._optimizer.dtype)
            self._decays = shared(shares[..., None])

    def begin_step(self, step: int) -> None:
        """Use the shares of this step of the epoch, counted from 0."""
        for dropout in self._dropouts:
            dropout.go_to(step)
        if self._decays is not None:
            self._optimizer.decay_share = self._decays[step, ...]
