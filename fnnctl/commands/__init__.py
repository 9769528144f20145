"""One file per command: it calls the packages below in order, and shows what comes back."""
