"""A gateway's checkpoint: a small file in the data folder, and the lock that keeps a second gateway away."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from events.log import Head
from events.private_file import open_private, replace_private
from events.subjects import token

log = structlog.get_logger("recado.gateway")


class GatewayRunning(Exception):
    """Another process is the gateway of `account` with the same data folder."""

    def __init__(self, account: str, data_dir: Path) -> None:
        super().__init__(
            f"a gateway of the account {account!r} already runs on {data_dir}: end it, "
            "or choose another account with --account"
        )
        self.account = account


class Saved(msgspec.Struct, frozen=True):
    """A saved checkpoint.

    - `created`: the stream's creation time, which identifies the stream.
    - `seq`: every reply up to this sequence is settled.
    - `since`: when the account's first gateway began to take messages in; older replies are not sent.
    """

    created: datetime
    seq: int
    since: datetime


class CheckpointFile:
    """The checkpoint of one account's gateway in `data_dir`; `work` names the file. `locked` makes a missing folder."""

    def __init__(self, data_dir: Path, account: str, work: str = "gateway") -> None:
        self._account = account
        self._data_dir = data_dir
        self._path = data_dir / f"{work}-{token(account)}.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that one process at a time can have. Raises GatewayRunning if another process has it."""
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = open_private(self._path.with_suffix(".lock"))
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise GatewayRunning(self._account, self._data_dir) from None
            yield
        finally:
            os.close(descriptor)

    def begin(self, head: Head) -> None:
        """If there is no checkpoint, save one from which every reply after `head` is delivered: a gateway takes
        messages in from its start, and delivers only once it has the lease."""
        if self.load() is None:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.save(Saved(head.created, 0, head.now))

    def load(self) -> Saved | None:
        """The last saved checkpoint; None if it is missing or damaged."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Saved)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            log.warning("checkpoint_damaged", file=self._path.name, reason=str(error), then="the log is read again")
            return None

    def save(self, saved: Saved) -> None:
        """Replace the file atomically: a crash leaves the old checkpoint or the new one."""
        replace_private(self._path, msgspec.json.encode(saved))
