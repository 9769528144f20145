"""One plain function a command: the only place where the other packages meet."""
