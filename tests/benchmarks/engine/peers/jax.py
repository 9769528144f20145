"""JAX as a contender: the members by vmap, the whole training one compiled program.

Two ways: arrays (batch, units), as everyone writes it, and (units, batch), which is up to 2.5 times as fast
on narrow networks. Both do what has been found to be fastest on a processor: the orders of all epochs are
drawn by NumPy before the program is called, within the time that counts (to sort random keys inside takes up
to 100 µs a step), labels are rows of ones and zeros, whose product with the scores is fused, and the first
weights and Adam's state are donated. One flat array for all parameters and unrolled steps were no faster.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.benchmarks.engine.trained import Trained, Trainer
from tests.benchmarks.engine.work import BETA1, BETA2, EPSILON, LEARNING_RATE, Work
from tests.benchmarks.measuring import CLOCK

Layers = list[tuple[Any, Any]]


def trainers(work: Work, members: int) -> dict[str, Trainer]:
    """One for each of the ways; compiling takes a second, and is done here."""
    return {"first": _trainer(work, members, last=False), "last": _trainer(work, members, last=True)}


def _trainer(work: Work, members: int, *, last: bool) -> Trainer:
    """`last` has the examples along the last axis."""
    first = [
        (W, b[..., None]) if last else (np.ascontiguousarray(W.transpose(0, 2, 1)), b)
        for W, b in work.first_weights(members)
    ]
    targets = work.y[:, None] if work.logistic else np.eye(work.classes)[work.y]
    X, T = jnp.asarray(work.X), jnp.asarray(targets, jnp.float32)
    rng = np.random.default_rng(0)

    def start() -> Any:
        zeros = [(np.zeros_like(W), np.zeros_like(b)) for W, b in first]
        return jax.block_until_ready(jax.device_put((first, zeros, zeros)))

    def orders() -> Any:
        return np.empty((work.epochs, members, 0), np.int32) if work.one_batch else work.orders(members, rng)

    program = jax.jit(_program(work, last=last), donate_argnums=0)
    compiled = program.lower(start(), X, T, orders()).compile()

    def train() -> Trained:
        state = start()
        begun = CLOCK.seconds()
        losses = jax.block_until_ready(compiled(state, X, T, orders()))[1]
        seconds = CLOCK.seconds() - begun
        return Trained(seconds, np.asarray(losses))

    return train


def _program(work: Work, *, last: bool) -> Any:
    """(state, X, T, orders) → (state, the losses (epochs, K))."""
    whole = len(work.X) // work.batch
    rest = len(work.X) - whole * work.batch

    def loss(layers: Layers, x: Any, t: Any) -> Any:
        if last:
            x, t = x.T, t.T
        for W, b in layers[:-1]:
            x = jax.nn.relu((W @ x if last else x @ W) + b)
        W, b = layers[-1]
        z = (W @ x if last else x @ W) + b
        if work.logistic:
            return jnp.mean(jax.nn.softplus(z) - t * z)
        classes = 0 if last else 1
        return -jnp.mean(jnp.sum(t * jax.nn.log_softmax(z, axis=classes), axis=classes))

    def step(state: Any, x: Any, t: Any, number: Any, axis: int | None) -> Any:
        layers, mean, square = state
        losses, gradient = jax.vmap(jax.value_and_grad(loss), in_axes=(0, axis, axis))(layers, x, t)
        gradient = [(dW + work.l2 * W, db) for (dW, db), (W, _) in zip(gradient, layers, strict=True)]
        rate = LEARNING_RATE * jnp.sqrt(1.0 - BETA2**number) / (1.0 - BETA1**number)
        mean = jax.tree.map(lambda m, g: BETA1 * m + (1.0 - BETA1) * g, mean, gradient)
        square = jax.tree.map(lambda v, g: BETA2 * v + (1.0 - BETA2) * g * g, square, gradient)
        layers = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), layers, mean, square)
        return (layers, mean, square), losses

    def epoch(carry: Any, order: Any, X: Any, T: Any) -> Any:
        state, number = carry
        if work.one_batch:
            state, losses = step(state, X, T, number + 1.0, None)
            return (state, number + 1.0), losses

        def batch(carry: Any, rows: Any) -> Any:
            state, number = carry
            state, losses = step(state, X[rows], T[rows], number + 1.0, 0)
            return (state, number + 1.0), losses * rows.shape[1]

        of_whole = order[:, : whole * work.batch].reshape(len(order), whole, work.batch)
        carry, losses = jax.lax.scan(batch, carry, of_whole.transpose(1, 0, 2))
        total = losses.sum(axis=0)
        if rest:
            carry, of_rest = batch(carry, order[:, whole * work.batch :])
            total += of_rest
        return carry, total / len(work.X)

    def program(state: Any, X: Any, T: Any, orders: Any) -> Any:
        (state, _), losses = jax.lax.scan(
            lambda carry, order: epoch(carry, order, X, T), (state, jnp.float32(0.0)), orders
        )
        return state, losses

    return program
