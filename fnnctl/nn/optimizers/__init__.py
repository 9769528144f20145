"""How a gradient becomes a step: first-order rules, L-BFGS, learning-rate schedules, penalties."""
