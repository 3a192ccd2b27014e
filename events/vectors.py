"""The vectors of documents' pieces as instances share them, in the object store LIBRARY.

A portion is some pieces of a document. Its name comes from the model and the words of its pieces, so it is made once
for all instances, and again for no rebuild. It may be lost, and is then made again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Protocol

import msgspec

PREFIX = "vectors-"
"""The beginning of a portion's name in LIBRARY."""

TOKENS = f"{PREFIX}tokens-"
"""The beginning of the name under which the tokens of a day are."""

CLAIM = 120.0
"""Seconds for which a portion is one instance's to make."""

KEPT = 86_400.0
"""Seconds for which a portion stays that no document has: an instance with other settings may still use it."""

LEFT = 7_200.0
"""Seconds after which bytes without a description are cleared: their writer describes them at once."""

Vectors = Sequence[tuple[bytes, bytes | None]]
"""The digest of a piece's words and its vector, 32-bit floats of length 1; None: the model refuses the words."""

_decoder = msgspec.msgpack.Decoder(list[tuple[bytes, bytes | None]])


class Counted(msgspec.Struct, frozen=True):
    """The tokens of a day and a model.

    - `day`: UTC, as `2026-11-30`.
    """

    day: str
    model: str
    tokens: int


class SharedVectors(Protocol):
    """The portions that there are. Every method may raise LogUnavailable."""

    async def of(self, name: str) -> Vectors | None:
        """The vectors of a portion; None if they are not there, or not whole."""

    async def claim(self, name: str) -> int | None:
        """Take the making of a portion for CLAIM seconds; None: it is there, or another instance makes it.

        Returns what `keep` is to be told. Raises LogFull: the rest of the store is for files.
        """

    async def keep(self, name: str, claim: int, vectors: Vectors) -> None:
        """Store a portion that is claimed; not if another instance took the making over. Raises LogFull."""

    async def tidy(self, kept: Collection[str]) -> int:
        """End the portions but those that are kept, once they are KEPT seconds old. Returns how many were ended."""

    async def sweep(self) -> int:
        """Clear the bytes that a crash left without a description, once they are LEFT seconds old; once an hour at
        most. Returns how many were cleared."""

    async def count(self, model: str, tokens: int) -> None:
        """Add the tokens that a server counted for vectors of documents, to the day (UTC) by the bus's time."""

    async def counted(self, since: str = "") -> list[Counted]:
        """These tokens of each day and model, from the day `since` on."""


def name_of(space: str, size: int, digests: Sequence[bytes]) -> str:
    """The name of a portion.

    - `space`: the model and its server.
    - `size`: bytes of a vector; a model that makes others under the same name is another one.
    - `digests`: of the words of its pieces, in their order.
    """
    model = sha256(f"{space}\n{size}".encode()).hexdigest()[:16]
    return f"{PREFIX}{model}-{sha256(b''.join(digests)).hexdigest()[:32]}"


def name_of_tokens(day: str, model: str) -> str:
    """The name under which the tokens of a day and a model are."""
    return f"{TOKENS}{day}-{sha256(model.encode()).hexdigest()[:16]}"


def encoded(vectors: Vectors) -> bytes:
    return msgspec.msgpack.encode(vectors)


def decoded(body: bytes) -> Vectors | None:
    """The vectors; None if another program wrote the bytes."""
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError:
        return None
