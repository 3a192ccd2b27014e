"""The stream of profiles: read, follow, and write so that several changes are stored together or not at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec

from events.log import LogError
from events.phrases import Phrase
from events.profile import InForce, Profile, ProfileUnreadable, decoded

MOST_AT_ONCE = 1_000
"""Versions in one write: the server's limit of a batch."""


class ProfilesChanged(LogError):
    """The profiles were changed after they were looked at; nothing was stored."""

    def __init__(self) -> None:
        super().__init__(Phrase("the profiles were changed at the same moment, and nothing was written: look again"))


class Unread(msgspec.Struct, frozen=True):
    """A stored version that this release cannot read.

    - `name`: of the profile, by its subject.
    """

    name: str
    seq: int
    reason: Phrase


def read(name: str, seq: int, body: bytes) -> Profile | Unread:
    """The version that is stored at `seq` under `name`."""
    try:
        profile = decoded(body)
    except ProfileUnreadable as fault:
        return Unread(name[:64], seq, fault.reason)
    if profile.name != name:
        return Unread(name[:64], seq, Phrase("the document bears another name than its subject"))
    return profile


class Stored(msgspec.Struct, frozen=True):
    """The profiles as the leader of the stream has them.

    - `seq`: the stream's last sequence; 0: it is empty.
    - `newest`: the newest version of each name that can be read, also of the removed ones.
    - `unread`: the last version of each name that cannot be read.
    """

    seq: int
    newest: dict[str, Profile]
    unread: tuple[Unread, ...] = ()

    @property
    def in_force(self) -> InForce:
        return InForce(self.newest.values())


class ProfileLog(Protocol):
    """Every method but `follow` may raise LogUnavailable."""

    async def look(self) -> Stored:
        """The newest versions."""

    async def write(self, profiles: Sequence[Profile], *, expected: int) -> int:
        """Store all of these versions, at most MOST_AT_ONCE, if the stream's last sequence is `expected`; otherwise
        none of them. Returns the last sequence. Raises ProfilesChanged, ProfileUnreadable, LogFull, EventTooLarge."""

    async def history(self, name: str) -> list[Profile]:
        """Every version of a profile that can be read, the oldest first."""

    async def version(self, name: str, n: int) -> Profile | None:
        """`name@n`; None if there is no such version that can be read."""

    def follow(self) -> AsyncGenerator[InForce, None]:
        """The profiles in force, and then those in force after each change. The first ones come when the whole stream
        was read. While the bus is away nothing comes, and afterwards it goes on; ends by `aclose`."""

    async def close(self) -> None:
        """Release the bus."""
