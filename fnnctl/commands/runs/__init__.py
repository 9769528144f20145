"""`fnnctl runs` and `fnnctl runs prune`: list runs and remove them."""
