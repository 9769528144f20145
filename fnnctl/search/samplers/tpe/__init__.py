"""A tree-structured Parzen estimator: densities of good and of other trials propose the next one.

Bergstra et al., Algorithms for hyper-parameter optimization, NeurIPS 2011; the constants are those of Optuna
where nothing else is said.
"""
