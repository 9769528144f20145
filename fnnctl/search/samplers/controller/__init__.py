"""A recurrent controller that writes configurations as sequences, trained by REINFORCE."""
