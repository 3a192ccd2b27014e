"""Reads the map from chats to threads of another bot: JSON, CSV, or a `shelve` file.

A shelve holds pickles, and loading a pickle runs its code. So this module reads a pickle opcode by opcode, and refuses
any that is not a plain string.
"""

from __future__ import annotations

import csv
import dbm
import io
import pickletools
from collections.abc import Iterator
from pathlib import Path

import msgspec

from events.jid import MalformedJid, from_text

_HARMLESS = {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP"}
_STRINGS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}
_SHELVES = (".db", ".dat", ".dir", ".bak")


class ThreadFileUnreadable(Exception):
    """`path` is no map from chats to threads; the message names the expected form."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read as a map from chats to threads: {reason}")
        self.path = path
        self.reason = reason


class Row(msgspec.Struct, frozen=True):
    """One line of the map: the canonical JID and the thread's id, or a `fault` that makes the line useless."""

    chat: str
    thread: str
    fault: str | None = None


def read(path: Path) -> list[Row]:
    """Every line of the map in `path`, in its order. Raises ThreadFileUnreadable.

    JSON: an object from phone number or JID to thread id. CSV: two columns, with or without a header. The `path` of a
    shelve is the one for Python's `shelve.open`, or one of its files.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        pairs: Iterator[tuple[str, str]] = _json(path)
    elif suffix == ".csv":
        pairs = _csv(path)
    else:
        pairs = _shelve(path.with_suffix("") if suffix in _SHELVES and not dbm.whichdb(str(path)) else path)
    return [_row(chat, thread) for chat, thread in pairs]


def _row(chat: str, thread: str) -> Row:
    try:
        jid = from_text(chat)
    except MalformedJid as error:
        return Row(chat, thread, str(error))
    if not thread.strip():
        return Row(jid, thread, "it has no thread id")
    return Row(jid, thread.strip())


def _json(path: Path) -> Iterator[tuple[str, str]]:
    try:
        yield from msgspec.json.decode(_bytes(path), type=dict[str, str]).items()
    except msgspec.DecodeError as error:
        raise ThreadFileUnreadable(path, f"expected an object from chat to thread id ({error})") from error


def _csv(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = list(csv.reader(io.StringIO(_bytes(path).decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ThreadFileUnreadable(path, str(error)) from error
    for number, line in enumerate(lines):
        if not line:
            continue
        if len(line) < 2:
            raise ThreadFileUnreadable(path, f"line {number + 1} has not two columns, chat and thread id")
        if number == 0 and not any(character.isdigit() for character in line[0]):
            continue
        yield line[0], line[1]


def _shelve(path: Path) -> Iterator[tuple[str, str]]:
    if not dbm.whichdb(str(path)):
        raise ThreadFileUnreadable(path, "expected .json, .csv, or a file that Python's shelve wrote here")
    try:
        with dbm.open(str(path), "r") as shelf:
            for key in shelf.keys():  # noqa: SIM118 - dbm.gnu has no iterator
                yield (key if isinstance(key, str) else key.decode()), _plain_string(path, shelf[key])
    except (*dbm.error, UnicodeDecodeError) as error:
        raise ThreadFileUnreadable(path, str(error)) from error


def _plain_string(path: Path, pickled: bytes) -> str:
    """The string in a pickle, read without loading it."""
    found: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(pickled):
            if opcode.name in _STRINGS and isinstance(argument, str):
                found.append(argument)
            elif opcode.name not in _HARMLESS:
                raise ThreadFileUnreadable(path, f"it holds a pickle that is no plain string ({opcode.name})")
    except ValueError as error:
        raise ThreadFileUnreadable(path, f"it holds a broken pickle ({error})") from error
    if len(found) != 1:
        raise ThreadFileUnreadable(path, "it holds a pickle that is no plain string")
    return found[0]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ThreadFileUnreadable(path, error.strerror or str(error)) from error
