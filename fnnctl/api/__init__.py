"""fnnctl from Python: each function is the call of a command, with a silent context and data in memory.

`import fnnctl` has the public names; this package is where they are.
"""
