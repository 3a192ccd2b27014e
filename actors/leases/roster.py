"""List of the instances that answer chats, read from the leases on the bus."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from actors.leases.bucket import BUCKET, STREAM, Entry, LeaseBucket
from actors.leases.members import PREFIX, Member, holder_in, member_in
from events.jetstream.api import stored_message
from events.jetstream.connection import Bus
from events.subjects import PARTITIONS


class InstanceView(msgspec.Struct, frozen=True, kw_only=True):
    """An instance and the partitions that it owns.

    - `instance`: its name.
    - `incarnation`: its current start.
    - `state`: `member`; `leaving`: it finishes turns and owns nothing; `gone`: its partitions are not taken over yet.
    - `partitions`: numbers of the partitions that it owns.
    - `version`: its version of recado.
    - `since`: time of its start.
    - `chats`: chats in its partitions; None if they were not counted.
    - `awake`: chats in memory.
    - `runs`: turns under way.
    - `lag`: sequences by which its projection is behind the log.
    - `fallback`: its turns begin with the second model, because of this failure of the first; empty: with the first.
    - `lacks`: the profiles in force by which it cannot answer, each with the reason.
    """

    instance: str
    incarnation: str
    state: Literal["member", "leaving", "gone"]
    partitions: tuple[int, ...] = ()
    version: str = ""
    since: datetime | None = None
    chats: int | None = None
    awake: int = 0
    runs: int = 0
    lag: int = 0
    fallback: str = ""
    lacks: tuple[str, ...] = ()


async def all_read(bus: Bus, reads: int) -> bool:
    """True if every instance that is there reads this set of types (codec.READS); False if none is there. It asks for
    one presence after the other, as gateways may. Raises LogUnavailable."""
    seq, found = 1, False
    while True:
        which = {"seq": seq, "next_by_subj": f"$KV.{BUCKET}.{PREFIX}*"}
        stored = await stored_message(bus, STREAM, which)
        if stored is None:
            return found
        raw = stored.raw()
        member = member_in(raw.subject, raw.body) if raw.body else None
        if member is not None:
            if member.reads < reads:
                return False
            found = True
        seq = raw.seq + 1


async def older_than(bus: Bus, reads: int) -> list[str]:
    """The instances that are there and do not read this set of types, by name. Raises LeasesUnavailable."""
    entries = await LeaseBucket(bus, makes=False).read_all()
    members = [
        (key.removeprefix(PREFIX), member_in(key, entry.value))
        for key, entry in entries.items()
        if key.startswith(PREFIX) and entry.value
    ]
    return sorted(name for name, member in members if member is None or member.reads < reads)


async def look(bus: Bus, chats: Mapping[int, int] | None = None) -> list[InstanceView]:
    """Every instance, by name. `chats` is the number of chats by partition. Raises LeasesUnavailable."""
    entries = await LeaseBucket(bus).read_all()
    owned: dict[tuple[str, str], list[int]] = {}
    for number in range(PARTITIONS):
        key = f"p.{number}"
        holder = holder_in(key, entries.get(key, Entry()))
        if holder is not None:
            owned.setdefault((holder.instance, holder.incarnation), []).append(number)
    members = [
        member
        for key, entry in entries.items()
        if key.startswith(PREFIX) and entry.value is not None and (member := member_in(key, entry.value)) is not None
    ]
    views = [_view(member, owned.pop((member.instance, member.incarnation), []), chats) for member in members]
    views += [
        InstanceView(
            instance=instance,
            incarnation=incarnation,
            state="gone",
            partitions=tuple(partitions),
            chats=_count(partitions, chats),
        )
        for (instance, incarnation), partitions in owned.items()
    ]
    return sorted(views, key=lambda view: (view.instance, view.incarnation))


def _view(member: Member, partitions: list[int], chats: Mapping[int, int] | None) -> InstanceView:
    return InstanceView(
        instance=member.instance,
        incarnation=member.incarnation,
        state="leaving" if member.leaving else "member",
        partitions=tuple(partitions),
        version=member.says.version,
        since=member.says.since,
        chats=_count(partitions, chats),
        awake=member.says.awake,
        runs=member.says.runs,
        lag=member.says.lag,
        fallback=member.says.fallback,
        lacks=member.says.lacks,
    )


def _count(partitions: list[int], chats: Mapping[int, int] | None) -> int | None:
    return None if chats is None else sum(chats.get(number, 0) for number in partitions)
