"""The program's entry: the command `fnnctl`, and `python -m fnnctl`.

Signals wait until a command handles them (`console.signals`). What they raise while Python imports would end
in a traceback, or in a callback of the import system, which prints it and goes on.
"""

import signal


def main() -> None:
    """Run the program and exit with its exit code."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    from fnnctl.cli import main as run_program

    run_program()


if __name__ == "__main__":
    main()
