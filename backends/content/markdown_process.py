"""Reads documents of the business as Markdown, each in a process of its own, which is forked from this one.

Run as `python -m backends.content.markdown_process SECONDS`, with a Unix socket as standard input. Each byte there is
the place of a type in READERS, and comes with a connection: a document in, an answer out. A fork has the libraries,
which take 40 ms to 0.5 s to load, and nothing of a document that was read before: this process opens none.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import struct
import sys
from contextlib import suppress
from importlib import import_module

from backends.content.confinement import UNREADABLE, confine
from backends.content.left_out import LeftOut
from backends.content.markdown_readers import LIBRARIES, READERS, whole
from backends.content.reader_end import fault_of
from backends.content.reader_process import PATIENCE

HEAD = struct.Struct("!BQQ")
"""Of an answer: its status (0: the text follows, UNREADABLE: the reason), how many words were left out because nobody
sees them, and how many bytes follow."""


def main(seconds: int) -> None:
    """Serve until the socket is closed, then end with all forks. A document may take `seconds` of CPU."""
    confine(resource.RLIM_INFINITY)  # `recado doctor` reports the bounds that the system refuses
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork: its answer is whole, or it is none
    control = socket.socket(fileno=sys.stdin.fileno())
    while True:
        asked, connections, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            os.killpg(os.getpid(), signal.SIGKILL)  # nobody waits for an answer: who asked may have been killed
        mime = list(READERS)[asked[0]]
        for library in LIBRARIES.get(mime, ()):
            with suppress(ImportError):  # the fork says so
                import_module(library)
        with socket.socket(fileno=connections[0]) as connection:
            if os.fork() == 0:
                control.close()
                _answer(connection, mime, seconds)
                os._exit(0)


def _answer(connection: socket.socket, mime: str, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    signal.alarm(seconds * PATIENCE)  # who asked does not wait any longer
    with connection.makefile("rb") as given:
        body = given.read()
    left_out = LeftOut()
    try:
        text, status = whole(READERS[mime](body, left_out), left_out), 0
    except Exception as error:  # noqa: BLE001 - the libraries raise any exception for a broken document
        text, status = fault_of(error), UNREADABLE
    answer = text.encode(errors="replace")
    connection.sendall(HEAD.pack(status, left_out.words, len(answer)))
    connection.sendall(answer)


if __name__ == "__main__":
    main(int(sys.argv[1]))
