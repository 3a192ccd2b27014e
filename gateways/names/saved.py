"""The names of people in a file of the data folder, so that a start reads only what the bucket has had since.

The file holds frames of packed names, then a trailer in JSON, then the trailer's CRC-32 and length. A file that is
torn, or that another process replaced by something else, is thrown away: the bucket has every name.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog

from events.private_file import create_private
from gateways.names.bucket import Place
from gateways.names.known import Known

_VERSION = 1
_NUMBER = 4
"""Bytes of a number: of a frame's account, of its length, of the trailer's CRC-32 and length."""

_LONGEST_TRAILER = 16 * 1024**2

log = structlog.get_logger("recado.names")


class Trailer(msgspec.Struct, frozen=True, kw_only=True):
    """The file's description of its frames.

    - `place`: they hold all names up to this entry, and perhaps later ones.
    - `accounts`: the number of names by account, in the order of the frames' numbers.
    - `joins`: account, name and the chat to join, of each whose order to join may not be in the log.
    - `left_out`: entries of the bucket that are no name for another one.
    - `size`, `crc`: bytes of the frames, and their CRC-32.
    """

    version: int
    place: Place
    accounts: dict[str, int]
    joins: list[tuple[str, str, str]]
    left_out: int
    size: int
    crc: int


class NamesFile:
    """The file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def trailer(self) -> Trailer | None:
        """The file's description of itself; None where there is none that can be read."""
        try:
            with self._path.open("rb") as file:
                return _trailer(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
            self.throw_away(str(error))
            return None

    async def load(self, trailer: Trailer) -> dict[str, Known] | None:
        """The names by account; None where the file is damaged. Lets the loop run in between."""
        known = {account: Known(count) for account, count in trailer.accounts.items()}
        every = list(known.values())
        try:
            async for number, names in self._frames(trailer):
                every[number].fill(names)
        except (OSError, ValueError, IndexError) as error:
            self.throw_away(str(error))
            return None
        return known

    async def _frames(self, trailer: Trailer) -> AsyncIterator[tuple[int, bytes]]:
        crc, left = 0, trailer.size
        with self._path.open("rb") as file:
            while left > 0:
                head = file.read(2 * _NUMBER)
                names = file.read(int.from_bytes(head[_NUMBER:], "big"))
                crc, left = zlib.crc32(names, zlib.crc32(head, crc)), left - len(head) - len(names)
                if not names:
                    break
                yield int.from_bytes(head[:_NUMBER], "big"), names
                await asyncio.sleep(0)
        if left or crc != trailer.crc:
            raise ValueError("its bytes are not those that were written")

    async def save(
        self, known: dict[str, Known], place: Place, joins: list[tuple[str, str, str]], left_out: int
    ) -> None:
        """Replace the file by one of these names, which may change meanwhile. Raises OSError."""
        fresh = self._path.with_name(self._path.name + ".new")
        accounts = {account: len(names) for account, names in known.items()}
        size = crc = 0
        with os.fdopen(create_private(fresh), "wb") as file:
            for frame in _packed(list(known.values())):
                size, crc = size + len(frame), zlib.crc32(frame, crc)
                await asyncio.to_thread(file.write, frame)
            trailer = msgspec.json.encode(
                Trailer(
                    version=_VERSION,
                    place=place,
                    accounts=accounts,
                    joins=joins,
                    left_out=left_out,
                    size=size,
                    crc=crc,
                )
            )
            file.write(trailer + _number(zlib.crc32(trailer)) + _number(len(trailer)))
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        fresh.replace(self._path)

    def throw_away(self, reason: str) -> None:
        """Delete the file."""
        log.info("names_file.thrown_away", file=self._path.name, reason=reason, then="the bucket is read as a whole")
        self.delete()

    def delete(self) -> None:
        """Delete the file, and one that was not finished."""
        for path in (self._path, self._path.with_name(self._path.name + ".new")):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("names_file.not_deleted", file=path.name, reason=str(error), help="delete it by hand")


def _trailer(file: BinaryIO) -> Trailer:
    whole = file.seek(0, os.SEEK_END)
    file.seek(max(whole - 2 * _NUMBER, 0))
    crc, length = file.read(_NUMBER), int.from_bytes(file.read(), "big")
    size = whole - 2 * _NUMBER - length
    if not 0 < length <= _LONGEST_TRAILER or size < 0:
        raise ValueError("its end is missing")
    file.seek(size)
    text = file.read(length)
    if crc != _number(zlib.crc32(text)):
        raise ValueError("its end is not that which was written")
    trailer = msgspec.json.decode(text, type=Trailer)
    if trailer.version != _VERSION or trailer.size != size:
        raise ValueError("it is of another form")
    return trailer


def _packed(known: list[Known]) -> Iterator[bytes]:
    for number, names in enumerate(known):
        for part in names.parts():
            yield _number(number) + _number(len(part)) + part


def _number(number: int) -> bytes:
    return number.to_bytes(_NUMBER, "big")
