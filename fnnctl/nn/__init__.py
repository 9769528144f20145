"""The engine: back-propagation in NumPy for stacks of networks.

A stack is K networks of one shape. Every array's first axis is the member, and no operation mixes
members, so that a member has the same bits in any stack. Examples run along the last axis:
activations are (K, units, batch).
"""
