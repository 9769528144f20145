"""A run's network as one ONNX graph, from the columns of a table to the prediction."""
