"""A Gaussian process models the loss, and the configuration with the largest expected improvement is next.

It suits spaces whose dimensions are all numbers without conditions. The constants are those of Optuna where
nothing else is said.
"""

from fnnctl.search.samplers.gp.sampler import make_sampler

__all__ = ["make_sampler"]
