"""Secrets by name: from the environment and `.env`, otherwise from the folder RECADO_SECRETS, one file a name."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from recado.settings.variables import secret

LARGEST = 64 * 1024
"""Most bytes of a file."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_FIT = secret()


class SecretUnusable(ValueError):
    """A secret that is there and cannot be used; the sentence says what to do and quotes no part of it."""


class Secrets:
    """The secrets of this process.

    A file may be replaced while recado runs: `value` returns what was read first, `again` reads it again. A name
    without a value is looked up each time. Reading blocks, for one small file.

    - `given`: the variables of the environment and of `.env`, which count first
    - `folder`: None: there is no folder
    """

    def __init__(self, given: Mapping[str, str], folder: Path | None) -> None:
        self._given = given
        self._folder = folder
        self._read: dict[str, str] = {}
        self._mask: Callable[[str], object] = lambda _: None

    @property
    def given(self) -> dict[str, str]:
        """The variables of the environment and of `.env`."""
        return dict(self._given)

    def masked_by(self, mask: Callable[[str], object]) -> None:
        """Give `mask` each secret that was read from a file, and from now on each one before it is returned."""
        self._mask = mask
        for text in self._read.values():
            mask(text)

    def value(self, name: str) -> str | None:
        """The key, token or password of this name; None if there is none. Raises SecretUnusable."""
        return self._fit(name, self.text(name))

    def again(self, name: str) -> str | None:
        """As `value`, but its file is read again. A file that cannot be read now leaves `value` as it was."""
        before = self._read.pop(name, None)
        try:
            return self.value(name)
        except SecretUnusable:
            if before is not None:
                self._read[name] = before
            raise

    def text(self, name: str) -> str | None:
        """The text of this name, stripped of space, which need not be a key; None if there is none. Raises
        SecretUnusable."""
        if not _NAME.fullmatch(name):
            raise SecretUnusable(f"{name[:128]!r} is no name of a variable: give letters, digits and _")
        text = self._given.get(name, "").strip() or self._read.get(name) or self._of_file(name)
        if text:
            self._mask(text)
        return text or None

    def place(self, name: str) -> str:
        """Where this name's value comes from, or would come from, for an error."""
        is_given = self._folder is None or self._given.get(name, "").strip()
        return name if is_given else f"the file {self._folder}/{name}"

    def _fit(self, name: str, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            checked: str = _FIT.read(text)
        except ValueError as error:
            raise SecretUnusable(f"{self.place(name)} has a value {error}") from error
        return checked

    def _of_file(self, name: str) -> str:
        if self._folder is None:
            return ""
        path = self._folder / name
        try:
            text = _content(path).decode("utf-8-sig").strip()
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as error:
            says = f"{path} is not UTF-8 text (at byte {error.start}): write the value alone into it"
            raise SecretUnusable(says) from None  # the error holds the bytes
        except OSError as error:
            says = f"{path} cannot be read ({error.strerror}): let recado's user read a file there, or remove it"
            raise SecretUnusable(says) from error
        if text:
            self._read[name] = text
        return text


def _content(path: Path) -> bytes:
    """The bytes of a file. Kubernetes has links in the folder: each may lead to a file, and to nothing else."""
    # Without O_NONBLOCK a pipe under this name would stop the process.
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise SecretUnusable(f"{path} is no file: write the value into a file of this name")
        content = bytearray()
        while piece := os.read(opened, LARGEST + 1 - len(content)):
            content += piece
    finally:
        os.close(opened)
    if len(content) > LARGEST:
        raise SecretUnusable(f"{path} has more than {LARGEST:,} bytes: write the value alone into it")
    return bytes(content)
