"""What fnnctl needs of a machine: facts about the present one, and what is wrong with it."""
