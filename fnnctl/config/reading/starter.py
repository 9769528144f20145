"""The experiment that `fnnctl init` writes: it runs as it is, and its comments teach the config."""

from __future__ import annotations

STARTER_NAME = "fnnctl.yaml"

STARTER_TEXT = """\
# An experiment: data, a network, and how to train it. It runs as it is:
#
#   fnnctl check     looks for mistakes in this file and in the data, and trains nothing
#   fnnctl train     trains the network, tests it, and writes a folder in runs/
#   fnnctl report    tells what happened
#
# Only data.source is needed; any other line may be deleted, and then has its default. `fnnctl schema` lists
# every setting with its bounds. A single run can differ: fnnctl train --set 'model.hidden=[200,50]' --seed 1

# name: my-experiment      # part of the run folders' names; left out, it is the name of the data
seed: 7                    # the same seed and settings give the same numbers, to the bit; another setting
                           # starts from other first weights: compare two over several seeds

data:
  source: digits           # built in: iris, wine, breast_cancer, digits, penguins

  # A table of your own: a CSV file (its path is relative to this file) and the column to predict.
  # Text columns are categories; a value may be missing. Put these lines in place of the one above:
  # source: my-data.csv
  # target: label
  # columns: {ignore: [id], categorical: [postcode]}

  scaling: standardize     # of number columns: robust (where a few values are extreme), minmax, none
  split:
    validation: 0.15       # share of the rows that is watched during training, to stop in time
    test: 0.2              # share of the rows that is used once, at the end
    stratify: true         # every part gets the classes in the same proportions

model:
  hidden: [100]            # units of each hidden layer: [200, 50] is two layers, [] is softmax regression
  activation: relu         # or tanh, logistic, gelu, swish, prelu …; or {name: elu, alpha: 0.5}
  # A layer may have settings of its own:
  # hidden: [{units: 200, activation: tanh, dropout: 0.2}, 50]
  # normalization: batch   # or layer: deep networks learn faster
  # dropout: 0.2           # share of a layer's units that each step leaves out: against learning by heart

training:
  epochs: 200              # times through the training part, at most
  batch_size: auto         # rows a step; auto is 200. With few rows 32 learns in fewer epochs
  optimizer:
    name: adam             # or sgd, momentum, nesterov, rmsprop, adamw …; lbfgs for small tables
    learning_rate: 0.001   # the step length: a tenth if training diverges, three times as much if it is slow
  # lr_schedule: cosine    # lowers the learning rate: or step, exponential, adaptive, one_cycle …
  # class_weights: balanced  # where some classes are rare; or a number each: {rare: 5}
  # label_smoothing: 0.1   # input_noise and mixup also help where there are few rows
  l2: 0.0001               # penalty on large weights: raise it if only the training part is learned well
  early_stopping:          # early_stopping: null trains to the last epoch
    monitor: validation_loss
    patience: 20           # so many epochs without an improvement end it; the best weights are kept

# `fnnctl search` tries other settings in place of those above:
# search:
#   method: hyperband      # or grid, random, halving
#   space:
#     training.optimizer.learning_rate: {log_uniform: [1e-4, 1e-1]}
#     model.dropout: {uniform: [0, 0.5]}
"""
