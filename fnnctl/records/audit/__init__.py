"""The rung audit of a multi-fidelity search: what its own records say about stopping trials early."""
