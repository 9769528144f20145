"""One plain function per command: the only place where the other packages meet."""
