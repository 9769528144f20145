"""`python -m fnnctl` is `fnnctl`."""

from fnnctl.cli import main

if __name__ == "__main__":
    main()
