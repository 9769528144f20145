"""fnnctl: experiments with feedforward neural networks, from one YAML file."""

__version__ = "0.3.0"
