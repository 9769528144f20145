"""`fnnctl runs`: lists runs, and removes them."""
