"""The engine: forward pass and back-propagation in NumPy for stacks of networks.

A stack is K networks of one shape. The first axis of every array is the member, and no operation mixes
members, so a member has the same bits in any stack. The last axis of activations is the example:
(K, units, batch).

Read in this order:

- `shape`: what the members of a stack have in common;
- `parameters`: all parameters of a member in one flat row, and where each array is in it;
- `network` and `layers/hidden`: the forward pass, with activations, normalization and dropout;
- `layers/input_stage`: what is learned before the first layer: embeddings, and a factor per input;
- `layers/shared_weights`: networks that share the weights of hidden layers, as one member;
- `workspace`: the buffers that a pass writes to, made once per batch size;
- `losses/base`, `losses/cross_entropy` and `losses/real_values`: the output layer's error terms;
- `backpropagation`: the gradient of the regularized risk;
- `optimizers/base`, `optimizers/first_order` and `optimizers/lbfgs`: from gradients to steps.
"""
