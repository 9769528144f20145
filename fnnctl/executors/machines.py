"""What a machine's results depend on beside fnnctl: its NumPy, its BLAS and its processor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fnnctl.store.provenance import machine


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts about a process that can change the last digits of its results."""

    numpy: str
    blas: str
    kernels: str
    """The processor type that the BLAS chose its kernels for."""
    processor: str
    features: tuple[str, ...]
    """The instruction sets that NumPy's own loops use."""

    @classmethod
    def here(cls) -> Machine:
        """The facts about this process."""
        return cls.of(machine(blas_threads=1))

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Machine:
        """From a manifest's facts about versions and machine."""
        blas, processor = facts["blas"], facts["processor"]
        return cls(
            numpy=str(facts["packages"]["numpy"]),
            blas=f"{blas['name']} {blas['version']}",
            kernels=str(blas["core"]),
            processor=str(processor["model"]),
            features=tuple(processor["features"]),
        )

    def differences(self, here: Machine) -> str:
        """In words, what differs from the machine that asks; empty if nothing does."""
        pairs = (
            ("NumPy", self.numpy, here.numpy),
            ("the BLAS", self.blas, here.blas),
            ("the BLAS's kind of processor", self.kernels, here.kernels),
            ("the processor", self.processor, here.processor),
            ("the list of NumPy's instruction sets", " ".join(self.features), " ".join(here.features)),
        )
        return "; ".join(f"{what} is {there}, here {own}" for what, there, own in pairs if there != own)
