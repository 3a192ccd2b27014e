"""Marks that the users of the desk share and may lose: up to where a chat was seen, and who has it open.

Keys name a chat by a hash, so that no phone number is written where JetStream only frees old bytes and does not
overwrite them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Annotated, Protocol

import msgspec

from events.subjects import ChatKey

LOOKS_LAST = 30
"""Seconds after which a page that has not said so again counts as closed."""

KEPT_DAYS = 90
"""Days after which a mark is forgotten, counted from the last time that a user saw more of the chat."""

LONGEST_NAME = 64
"""Characters of a user's name here; a longer one is cut."""

MOST_BYTES = 64 * 1024**2
"""Bytes of the bucket, marks of some 300,000 chats; where it is full, the oldest marks go."""


class Seen(msgspec.Struct, frozen=True):
    """A user saw the chat.

    - `seq`: the sequence in the log up to which it was seen.
    - `by`: the user's name.
    """

    seq: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    by: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""


class Look(msgspec.Struct, frozen=True):
    """A user has the chat open, as of the last time that the page said so.

    - `by`: the user's name.
    - `writing`: whether the user is typing.
    """

    by: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
    writing: bool = False


class Change(msgspec.Struct, frozen=True):
    """An entry of the bucket as it is told to those who follow it.

    - `name`: the chat's, as `name_of` gives it.
    - `user`: the hash of the user's name, for an entry of a user who looks; empty for a mark.
    - `entry`: None: it is gone.
    """

    name: str
    user: str
    entry: Seen | Look | None


class Portion(msgspec.Struct, frozen=True):
    """Changes in order. `is_from_start`: the bucket is another one, and all that was read before is gone."""

    changes: tuple[Change, ...]
    is_from_start: bool = False


class DeskMarks(Protocol):
    """The bucket DESK. Every method may raise LogError."""

    async def see(self, key: ChatKey, seen: Seen) -> None:
        """Write up to where the chat was seen."""

    async def look(self, key: ChatKey, look: Look) -> None:
        """Write that a user has the chat open, for LOOKS_LAST seconds."""

    async def leave(self, key: ChatKey, by: str) -> None:
        """Write that the user has closed the chat."""

    async def forget(self, key: ChatKey) -> None:
        """Delete the chat's mark."""

    def follow(self) -> AsyncIterator[Portion]:
        """All entries, and then each change."""


def name_of(key: ChatKey) -> str:
    """The chat in a key of the bucket."""
    return _hash(f"{key.account}\0{key.chat}")


def user_of(by: str) -> str:
    """The user in a key of the bucket."""
    return _hash(by)


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
