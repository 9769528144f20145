"""The program's entry point, for the command `fnnctl` and for `python -m fnnctl`.

Signals are blocked until a command handles them (`console.signals`). During an import, an exception raised by
a signal handler would end in a traceback, or would be printed and lost in a callback of the import system.
The garbage collector is off until then: imported objects are never freed, and scanning them again and again
takes a tenth of the time of the imports.
"""

import gc
import signal


def main() -> None:
    """Run the program and exit with its exit code."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    gc.disable()
    from fnnctl.cli import main as run_program

    run_program()


if __name__ == "__main__":
    main()
