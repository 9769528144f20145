"""The version, on the ground floor: what records it need not import the package's public names."""

__version__ = "0.14.0"
