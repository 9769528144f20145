"""A recurrent controller that writes configurations as sequences, trained by REINFORCE."""

from fnnctl.search.samplers.controller.sampler import make_sampler

__all__ = ["make_sampler"]
