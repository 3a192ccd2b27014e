"""`recado` for a shell in a test: has the process that forks (tests/forked.py) run the command, and ends as that ends.

FORKING is the descriptor of the line to that process. Few imports: this program starts for every command.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path


def main() -> None:
    line = socket.socket(fileno=int(os.environ.pop("FORKING")))
    ours, theirs = socket.socketpair()
    request, writing = os.pipe()
    os.write(writing, json.dumps({"args": sys.argv[1:], "env": dict(os.environ), "cwd": str(Path.cwd())}).encode())
    os.close(writing)
    socket.send_fds(line, [b"!"], [request, 0, 1, 2, theirs.fileno()])
    theirs.close()
    pid = int.from_bytes(ours.recv(4))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    code = int.from_bytes(ours.recv(4), signed=True)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
