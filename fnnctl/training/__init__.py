"""Training of one stack: epochs, early stopping, history and checkpoints.

Read in this order:

- `members`: what the members of a stack share, and what is specific to each;
- `pool`: where the rows of all members come from;
- `stack`: K members in training, and one epoch of all of them;
- `ensembles`: what the members of an ensemble share;
- `trainer`: epochs until every member has ended;
- `learners`: one epoch: gradient descent, or an iteration of L-BFGS;
- `early_stopping`, `history`, `diagnostics`: when members end, and what is recorded of each epoch;
- `state` and `checkpoint`: what must be saved to continue later.
"""
