"""PyTorch as a contender: one network at a time, eagerly, in the loop that its tutorials have."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from tests.benchmarks.engine.trained import Trained, Trainer
from tests.benchmarks.engine.work import BETA1, BETA2, EPSILON, LEARNING_RATE, Work
from tests.benchmarks.measuring import CLOCK

WAYS: dict[str, dict[str, bool]] = {
    "for-loop": {"foreach": False},
    "foreach": {"foreach": True},
    "fused": {"fused": True},
}
"""How Adam walks through the parameters."""


def trainers(work: Work, members: int) -> dict[str, Trainer]:
    """One for each of the ways; biases decay, too, which spares Adam a second group of parameters."""
    if members != 1:
        raise ValueError("PyTorch trains one network at a time here")
    return {name: _trainer(work, way) for name, way in WAYS.items()}


def set_threads(count: int) -> None:
    """Let operations use so many threads."""
    torch.set_num_threads(count)


def _model(work: Work) -> torch.nn.Sequential:
    widths = work.shape.widths
    layers: list[Any] = []
    for inputs, outputs in pairwise(widths):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for linear, (W, b) in zip(model[::2], work.first_weights(1), strict=True):
            linear.weight.copy_(torch.from_numpy(W[0]))
            linear.bias.copy_(torch.from_numpy(b[0]))
    return model


def _trainer(work: Work, way: dict[str, bool]) -> Trainer:
    X, y = torch.from_numpy(work.X), torch.from_numpy(work.y)
    loss_of: Any = torch.nn.BCEWithLogitsLoss() if work.logistic else torch.nn.CrossEntropyLoss()
    if work.logistic:
        y = y.to(torch.float32)[:, None]
    rows = len(work.X)

    def train() -> Trained:
        model = _model(work)
        optimizer = torch.optim.Adam(
            model.parameters(), LEARNING_RATE, (BETA1, BETA2), EPSILON, work.l2, **way
        )
        losses, generator = [], torch.Generator().manual_seed(0)
        begun = CLOCK.seconds()
        for _ in range(work.epochs):
            total = torch.zeros(())
            order = None if work.one_batch else torch.randperm(rows, generator=generator)
            for start, stop in work.bounds:
                batch = slice(None) if order is None else order[start:stop]
                optimizer.zero_grad()
                loss = loss_of(model(X[batch]), y[batch])
                loss.backward()
                optimizer.step()
                total += loss.detach() * (stop - start)
            losses.append(total / rows)
        seconds = CLOCK.seconds() - begun
        return Trained(seconds, torch.stack(losses).numpy()[:, None])

    return train
