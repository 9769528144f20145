"""A `fnnctl` for shell scripts that starts in a moment, because a server forks for each call of it.

A script may call the program fifty times, and each start of Python and the libraries takes a second.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

import fnnctl
from fnnctl.__main__ import main
from tests.waiting import await_true

SHIM: Final = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as call:
    call.connect({address!r})
    words = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)])
    socket.send_fds(call, [words.encode()], [0, 1, 2])
    sys.exit((call.recv(1) or b"\\xff")[0])
"""
MOST_BYTES: Final = 1 << 20
RARE: Final = ("fnnctl.sklearn", "fnnctl.export")
"""What is imported only when it is needed: libraries that take as long to import as all of the program."""


@contextmanager
def preloaded_program() -> Iterator[Path]:
    """A folder with an executable `fnnctl`, for PATH, whose calls a server process runs until the end.

    It is in `/tmp`: the path of a socket has at most 103 bytes on macOS, too few for pytest's folders.
    """
    with tempfile.TemporaryDirectory(prefix="fnnctl-", dir="/tmp") as folder:
        address, program = Path(folder) / "socket", Path(folder) / "fnnctl"
        program.write_text(SHIM.format(python=sys.executable, address=str(address)))
        program.chmod(0o755)
        server = subprocess.Popen([sys.executable, "-m", "tests.preloaded", str(address)])
        try:
            await_true(lambda: address.exists() or server.poll() is not None)
            assert server.poll() is None, "the server of the program has ended"
            yield Path(folder)
        finally:
            server.kill()
            server.wait()


def serve(address: str) -> None:
    """Run each call that comes in a process of its own; the modules of most commands are imported before."""
    for module in pkgutil.walk_packages(fnnctl.__path__, "fnnctl."):
        if module.name.startswith(RARE):
            continue
        with suppress(ImportError):  # a library that is not installed
            import_module(module.name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{address}.new")
        server.listen()
        Path(f"{address}.new").rename(address)  # now a call is not refused
        while True:
            call, _ = server.accept()
            if os.fork() == 0:
                server.close()
                answer(call)
            call.close()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def answer(call: socket.socket) -> NoReturn:
    """Run the program as the caller would, in its folder, and send it the exit code."""
    message, streams, _, _ = socket.recv_fds(call, MOST_BYTES, 3)
    arguments, folder, environment = json.loads(message)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    code = 3
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        call.send(bytes([code]))
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
