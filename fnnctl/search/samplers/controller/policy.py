"""The controller's policy: a recurrent network that writes sequences of choices, one after the other.

The input of a step is the embedding of its kind plus that of the last choice. Its output goes through one
matrix, in which each kind has columns of its own: they are the kind's softmax head. The weights of a step's
choices multiply the probabilities, so that an impossible choice has probability 0.

The policy is trained by REINFORCE (Williams, 1992): rewarded choices become likelier; an entropy bonus keeps
others possible.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.search.samplers.controller import lstm
from fnnctl.search.samplers.controller.sequences import ChoiceStep, Sequences, Values

UNITS: Final = 32
"""The number of units of the recurrent network, and the length of the embeddings."""
MAX_WEIGHT: Final = 0.1
"""First weights are uniform between this and its opposite (as in ENAS: Pham et al., ICML 2018)."""
LEARNING_RATE: Final = 0.02
"""Some thirty times that of Zoph & Le: a search has tens of updates, theirs had thousands."""
ENTROPY: Final = 0.03
"""The weight of the entropies of all steps, for advantages in units of their spread: choices of equal reward
stay about equally likely."""
DECAY: Final = 0.8
"""How much the moving average of the rewards keeps of its value in an update: about the last five count."""
MAX_ADVANTAGE: Final = 1.5
"""In units of the spread: a single lucky trial does not make its choices nearly certain."""
MAX_RATIO: Final = 1.0
"""The most that an episode counts because the policy now thinks it likelier than when it was drawn."""
BETA1: Final = 0.9
BETA2: Final = 0.999
TINY: Final = 1e-8
"""Adam's β₁, β₂ and ε, as in its paper."""


@dataclass(frozen=True, slots=True)
class PolicyParameters:
    """All parameters of a policy, or their gradients."""

    kinds: FloatArray
    """The embedding of each kind of steps, (kinds, H)."""
    tokens: FloatArray
    """The embedding of each choice, and last that of no choice yet, (tokens + 1, H)."""
    cell_input: FloatArray
    cell_hidden: FloatArray
    cell_bias: FloatArray
    heads: FloatArray
    """(H, tokens)"""
    biases: FloatArray
    """(tokens,)"""

    @property
    def cell(self) -> lstm.Weights:
        """The recurrent network's weights."""
        return lstm.Weights(self.cell_input, self.cell_hidden, self.cell_bias)

    def arrays(self) -> list[FloatArray]:
        """All arrays, in a fixed order."""
        return [getattr(self, field.name) for field in fields(self)]


@dataclass(frozen=True, slots=True)
class Episode:
    """One sequence that a policy has written."""

    steps: Sequence[ChoiceStep]
    tokens: Sequence[int]
    """The chosen ones."""
    log_probability: float
    """Under the policy that wrote it."""
    values: Values
    """The values of the active dimensions."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Episodes as arrays, with T steps of the longest; those of the others are filled up."""

    kinds: IntArray
    """(T, B)"""
    before: IntArray
    """The token of the choice before, (T, B)."""
    tokens: IntArray
    """The token of the choice, (T, B)."""
    log_weights: FloatArray
    """Of all tokens, (T, B, tokens); minus infinity if a token is not possible."""
    present: BoolArray
    """Whether the episode has this step, (T, B)."""


class Policy:
    """Draws sequences, and computes the gradient of their probabilities."""

    def __init__(self, sequences: Sequences, rng: np.random.Generator, *, units: int = UNITS) -> None:
        self.sequences = sequences
        kinds, tokens = len(sequences.kinds), sequences.tokens
        shapes = [(kinds, units), (tokens + 1, units), (units, 4 * units), (units, 4 * units), (4 * units,)]
        shapes += [(units, tokens), (tokens,)]
        self.parameters = PolicyParameters(*(rng.uniform(-MAX_WEIGHT, MAX_WEIGHT, shape) for shape in shapes))
        self.parameters.cell_bias[...] = np.repeat([0.0, 1.0, 0.0, 0.0], units)  # it remembers at first
        self.parameters.biases[...] = 0.0

    def draw(self, count: int, rng: np.random.Generator, *, temperature: float = 1.0) -> list[Episode]:
        """Draw `count` independent sequences; a high `temperature` makes choices more equally likely."""
        weights = self.parameters
        written = [_Writing(self.sequences.steps(rng.random)) for _ in range(count)]
        state = lstm.State.first(count, weights.cell.units)
        before = np.full(count, self.sequences.tokens)
        while active := [index for index, writing in enumerate(written) if not writing.ended]:
            steps = [written[index].step for index in active]
            inputs = weights.kinds[[step.kind.number for step in steps]] + weights.tokens[before[active]]
            rows = lstm.State(state.output[active], state.memory[active])
            after, _ = lstm.forward(weights.cell, inputs, rows)
            state.output[active], state.memory[active] = after
            scores = after.output @ weights.heads + weights.biases
            scores += np.stack([step.log_weights for step in steps])
            log_p = _log_softmax(scores / temperature)
            tokens = before[active] = _drawn_tokens(np.exp(log_p), rng.random(len(active)))
            for index, token, log_probability in zip(active, tokens, _taken(log_p, tokens), strict=True):
                written[index].choose(int(token), float(log_probability))
        return [writing.episode() for writing in written]

    def episode_of(self, values: Values) -> Episode:
        """The sequence that gives these values, as if this policy had drawn it now.

        Raises ValueError if the values are not in the space.
        """
        point = 0.0
        written = _Writing(self.sequences.steps(lambda: point))
        while not written.ended:
            token, point = written.step.place(values)
            written.choose(token, 0.0)
        episode = written.episode()
        return replace(episode, log_probability=float(self.log_probabilities(self.batch([episode]))[0]))

    def batch(self, episodes: Sequence[Episode]) -> Batch:
        """The episodes as arrays."""
        shape = max(len(episode.tokens) for episode in episodes), len(episodes)
        kinds, tokens = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        log_weights, present = np.zeros((*shape, self.sequences.tokens)), np.zeros(shape, np.bool_)
        for column, episode in enumerate(episodes):
            for time, (step, token) in enumerate(zip(episode.steps, episode.tokens, strict=True)):
                kinds[time, column], tokens[time, column] = step.kind.number, token
                log_weights[time, column] = step.log_weights
                present[time, column] = True
        start = np.full((1, len(episodes)), self.sequences.tokens)
        return Batch(kinds, np.concatenate([start, tokens[:-1]]), tokens, log_weights, present)

    def log_probabilities(self, batch: Batch) -> FloatArray:
        """The log probability of each episode."""
        log_p, _, _ = self._forward(batch)
        log_probabilities: FloatArray = (_taken(log_p, batch.tokens) * batch.present).sum(axis=0)
        return log_probabilities

    def loss_and_gradient(
        self, batch: Batch, advantages: FloatArray, entropy: float
    ) -> tuple[float, PolicyParameters]:
        """The loss whose negative gradient is the policy gradient, and its gradient.

        The loss is minus the mean over the episodes of the advantage times the log probability, plus
        `entropy` times the sum of the entropies of the episode's steps.
        """
        log_p, outputs, steps = self._forward(batch)
        present, episodes = batch.present[..., None], len(advantages)
        p = np.exp(log_p)
        safe = np.where(p > 0.0, log_p, 0.0)
        entropies = -(p * safe).sum(axis=-1, keepdims=True)
        gains = advantages * _taken(log_p, batch.tokens) + entropy * entropies[..., 0]
        loss = -float((gains * batch.present).sum()) / episodes
        one_hot = np.zeros_like(p)
        np.put_along_axis(one_hot, batch.tokens[..., None], 1.0, axis=-1)
        score_gradients = advantages[:, None] * (one_hot - p) - entropy * p * (safe + entropies)
        score_gradients *= -(present / episodes)
        return loss, self._backward(batch, outputs, steps, score_gradients)

    def _forward(self, batch: Batch) -> tuple[FloatArray, FloatArray, list[lstm.CellStep]]:
        """The log probabilities of all tokens, and what the backward pass needs."""
        inputs = self.parameters.kinds[batch.kinds] + self.parameters.tokens[batch.before]
        outputs, steps = lstm.unrolled(self.parameters.cell, inputs)
        scores = outputs @ self.parameters.heads + self.parameters.biases
        return _log_softmax(scores + batch.log_weights), outputs, steps

    def _backward(
        self, batch: Batch, outputs: FloatArray, steps: list[lstm.CellStep], score_gradients: FloatArray
    ) -> PolicyParameters:
        parameters = self.parameters
        input_gradients, cell = lstm.backward(parameters.cell, steps, score_gradients @ parameters.heads.T)
        kinds, tokens = np.zeros_like(parameters.kinds), np.zeros_like(parameters.tokens)
        np.add.at(kinds, batch.kinds, input_gradients)
        np.add.at(tokens, batch.before, input_gradients)
        heads = np.tensordot(outputs, score_gradients, axes=((0, 1), (0, 1)))
        biases = score_gradients.sum(axis=(0, 1))
        return PolicyParameters(kinds, tokens, cell.input, cell.hidden, cell.bias, heads, biases)


class _Writing:
    """A sequence while it is written."""

    def __init__(self, steps: Generator[ChoiceStep, int, Values]) -> None:
        self._generator = steps
        self._steps: list[ChoiceStep] = []
        self._tokens: list[int] = []
        self._log_probability = 0.0
        self._values: Values | None = None
        self._go_on(None)

    @property
    def ended(self) -> bool:
        """Whether there are no more steps."""
        return self._values is not None

    @property
    def step(self) -> ChoiceStep:
        """The step that has no choice yet."""
        return self._steps[-1]

    def choose(self, token: int, log_probability: float) -> None:
        """Choose in this step, and go on to the next."""
        choice = token - self.step.kind.first
        self._tokens.append(token)
        self._log_probability += log_probability
        self._go_on(choice)

    def episode(self) -> Episode:
        """The complete sequence."""
        return Episode(self._steps, self._tokens, self._log_probability, self._values or {})

    def _go_on(self, choice: int | None) -> None:
        try:
            self._steps.append(self._generator.send(choice))  # type: ignore[arg-type]
        except StopIteration as end:
            self._values = end.value


def _drawn_tokens(probabilities: FloatArray, points: FloatArray) -> IntArray:
    """For each row, the token at a point of [0, 1) of its distribution; never one without probability."""
    cumulative = np.cumsum(probabilities, axis=1)
    indices = (cumulative <= points[:, None] * cumulative[:, -1:]).sum(axis=1)
    last = probabilities.shape[1] - 1 - np.argmax(probabilities[:, ::-1] > 0.0, axis=1)
    tokens: IntArray = np.minimum(indices, last)
    return tokens


def _log_softmax(scores: FloatArray) -> FloatArray:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    log_probabilities: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return log_probabilities


def _taken(log_p: FloatArray, tokens: IntArray) -> FloatArray:
    of_tokens: FloatArray = np.take_along_axis(log_p, tokens[..., None], axis=-1)[..., 0]
    return of_tokens


@dataclass(slots=True)
class MovingBaseline:
    """The moving average and spread of rewards: a reward counts as far as it differs from the others."""

    mean: float = math.nan
    variance: float = 0.0

    def advantages(self, rewards: FloatArray) -> FloatArray:
        """How many spreads each reward is above the average of earlier updates, within bounds.

        The spread includes these rewards; the first update uses their own average. The rewards' scale and
        origin have no effect.
        """
        mean, variance = float(rewards.mean()), float(rewards.var())
        if math.isnan(self.mean):
            self.mean, self.variance = mean, variance
        else:
            self.variance = DECAY * self.variance + (1.0 - DECAY) * float(((rewards - self.mean) ** 2).mean())
        differences = rewards - self.mean
        self.mean = DECAY * self.mean + (1.0 - DECAY) * mean
        spread = math.sqrt(self.variance)
        if spread == 0.0:
            return np.zeros_like(rewards)
        return (differences / spread).clip(-MAX_ADVANTAGE, MAX_ADVANTAGE)


class Reinforce:
    """Updates a policy with the rewards of its episodes, by Adam (Kingma & Ba, 2015)."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._moments = [(np.zeros_like(array), np.zeros_like(array)) for array in policy.parameters.arrays()]
        self._updates = 0

    def update(self, episodes: Sequence[Episode], advantages: FloatArray) -> None:
        """One step along the policy gradient.

        An episode that an earlier policy has drawn counts by its importance, which is its probability now
        divided by its probability then, but at most 1.
        """
        batch = self._policy.batch(episodes)
        log_p_then = np.array([episode.log_probability for episode in episodes])
        ratios = np.exp(np.minimum(self._policy.log_probabilities(batch) - log_p_then, math.log(MAX_RATIO)))
        _, gradient = self._policy.loss_and_gradient(batch, ratios * advantages, ENTROPY)
        self._updates += 1
        rate = LEARNING_RATE * math.sqrt(1.0 - BETA2**self._updates) / (1.0 - BETA1**self._updates)
        for parameters, slopes, moments in zip(
            self._policy.parameters.arrays(), gradient.arrays(), self._moments, strict=True
        ):
            first, second = moments
            first += (1.0 - BETA1) * (slopes - first)
            second += (1.0 - BETA2) * (slopes**2 - second)
            parameters[...] -= rate * first / (np.sqrt(second) + TINY)
