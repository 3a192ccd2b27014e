"""Members: the instances that answer chats, by their presence in the bucket LEASES under `m.<instance>`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
import structlog

from actors.leases.bucket import Entry

log = structlog.get_logger("recado.leases")

PREFIX = "m."


class Holder(msgspec.Struct, frozen=True):
    """The holder of a lease.

    - `instance`: the instance's name, which it keeps over restarts.
    - `incarnation`: this start of the instance.
    """

    instance: str
    incarnation: str

    @property
    def decides_as(self) -> str:
        """The part before the colon in the message ids of its decisions."""
        return f"{self.instance}-{self.incarnation}"


UNKNOWN = Holder("?", "?")
"""The holder of a lease whose value is unreadable."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """An instance's description of itself.

    - `version`: its version of recado.
    - `since`: time of its start.
    - `key`: fingerprint of the API key with which it asks models.
    - `runs`: turns under way.
    - `awake`: chats in memory.
    - `lag`: sequences by which its projection is behind the log.
    - `fallback`: its turns begin with the second model, because of this failure of the first; empty: with the first.
    - `lacks`: the profiles in force by which it cannot answer, each with the reason.
    """

    version: str = ""
    since: datetime | None = None
    key: str = ""
    runs: int = 0
    awake: int = 0
    lag: int = 0
    fallback: str = ""
    lacks: tuple[str, ...] = ()


class Member(Holder, frozen=True, kw_only=True):
    """The presence of an instance, which renews it once a second.

    - `leaving`: the instance gives up its partitions and takes no more.
    - `finishing`: turns that it still finishes in chats that it has let go of.
    - `reads`: the newest set of types that it reads; see codec.READS.
    - `says`: its description.
    """

    leaving: bool = False
    finishing: int = 0
    reads: int = 1
    says: Description = Description()


def holder_in(key: str, entry: Entry) -> Holder | None:
    """The holder in the `entry` of the lease `key`; None if the lease is free. An unreadable entry is not free: its
    holder is UNKNOWN."""
    if entry.value is None:
        return None
    try:
        return msgspec.json.decode(entry.value, type=Holder)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warning("lease_unreadable", lease=key, reason=str(error), then="the lease counts as held")
        return UNKNOWN


def member_in(key: str, value: bytes) -> Member | None:
    """The member that `value` describes; None, and a log line, if it is unreadable."""
    try:
        return msgspec.json.decode(value, type=Member)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warning("lease_unreadable", lease=key, reason=str(error), then="no member is seen in it")
        return None


class Members:
    """The members as of the last look at the bucket, updated by the changes heard since."""

    def __init__(self) -> None:
        self._there: dict[str, Member] = {}

    def has(self, holder: Holder) -> bool:
        """True if this start of the instance is there."""
        member = self._there.get(holder.instance)
        return member is not None and member.incarnation == holder.incarnation

    def is_finishing(self, decides_as: str) -> bool:
        """True if the incarnation of this name is there and still finishes turns of chats that it has let go of."""
        return any(member.finishing and member.decides_as == decides_as for member in self._there.values())

    def with_key(self, key: str) -> int:
        """Number of members that ask models with the same key; 1 without a key."""
        return sum(member.says.key == key for member in self._there.values()) if key else 1

    def all_read(self, reads: int) -> bool:
        """True if every member reads this set of types; False while none is known."""
        return bool(self._there) and all(member.reads >= reads for member in self._there.values())

    def staying(self) -> list[Member]:
        """The members that do not leave."""
        return [member for member in self._there.values() if not member.leaving]

    def owners(self) -> list[Member]:
        """The members that own partitions, or should: while some can answer by every profile in force, those alone.

        Profiles are written only while every member knows this rule.
        """
        staying = self.staying()
        return [member for member in staying if not member.says.lacks] or staying

    def look(self, entries: Mapping[str, Entry], *, remember: bool) -> None:
        """Take in the bucket's entries. With `remember`, members missing there are kept: the bucket itself was away,
        and they have not come back to it yet."""
        found: dict[str, Member] = {}
        for key, entry in entries.items():
            if key.startswith(PREFIX) and entry.value is not None:
                member = member_in(key, entry.value)
                if member is not None and PREFIX + member.instance == key:
                    found[member.instance] = member
        self._there = self._there | found if remember else found

    def heard(self, key: str, value: bytes) -> bool:
        """Take in a presence that was written (empty: it ended). Returns whether the bucket should be read again."""
        member = member_in(key, value) if value else None
        if member is None:
            return True
        before = self._there.get(member.instance)
        if before is None or _standing(before) != _standing(member):
            return True
        self._there[member.instance] = member
        return False


def _standing(member: Member) -> tuple[str, bool, bool]:
    """The part of a presence that decides about partitions."""
    return member.incarnation, member.leaving, bool(member.says.lacks)
