"""The program's entry point, for the command `fnnctl` and for `python -m fnnctl`.

Signals are blocked until a command handles them (`console.signals`). During an import, an exception raised by
a signal handler would end in a traceback, or would be printed and lost in a callback of the import system.
The garbage collector is off until then: imported objects are never freed, and scanning them costs 10 % of
start-up. For the same reason it scans none of them when the program ends.
"""

import gc
import os
import signal
import sys
import warnings
from typing import NoReturn


def main() -> None:
    """Run the program and exit with its exit code."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for them in all packages
    _silence_warnings()
    _replace_closed_streams()
    try:
        try:
            from fnnctl.cli import main as run_program
        except ImportError as error:
            _end_without_typer(error)
        run_program()
    finally:
        gc.freeze()


def _end_without_typer(error: ImportError) -> NoReturn:
    """End with a sentence: Typer, the only package that every command needs, is missing or broken."""
    from fnnctl.errors import UnusablePackageError
    from fnnctl.text import install_command

    if (error.name or "").partition(".")[0] == "fnnctl":
        raise error
    advice = f"run `{install_command('--force-reinstall typer')}`"
    problem = UnusablePackageError("Typer", error, advice)
    sys.stderr.write(f"{problem.message}\n")
    sys.exit(problem.exit_code)


def _silence_warnings() -> None:
    """Keep Python's warnings, such as NumPy's about overflows, from the user, here and in worker processes.

    They name lines of code, for developers, who see them with `python -W default -m fnnctl`.
    """
    if not sys.warnoptions:
        sys.warnoptions.append("ignore")
        warnings.simplefilter("ignore")


def _replace_closed_streams() -> None:
    """Open the null device in place of each standard stream that is closed, for this process and its workers.

    Otherwise the next file that is opened would get the stream's number, and what a library prints would be
    written into that file. `sys.stdin` stays None, so that a command can say that it is closed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


if __name__ == "__main__":
    main()
