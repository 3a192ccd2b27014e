"""Computes the balance of 64 partitions among members, and the number that move when a member joins or leaves.

Compares recado's assignment with plain rendezvous hashing (each partition to the member with the highest hash, no bound
on its share). `least` is the newcomer's share, which every method has to move. Nothing is timed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

from actors.leases.assignment import assignment
from benchmarks.figures import Figure, Outcome, Say, figure
from events.subjects import PARTITIONS

Method = Callable[[Collection[str]], Sequence[str]]


class Size(msgspec.Struct, frozen=True):
    """The numbers of members, and the number of fleets of each, with random names."""

    members: tuple[int, ...] = (3, 5, 10, 20, 50, 100, 200, 500)
    fleets: int = 20


TINY = Size(members=(3,), fleets=2)


async def run(size: Size, folder: Path, say: Say) -> Outcome:  # noqa: ARG001 - every benchmark gets one
    dice = random.Random(64)
    figures: dict[str, Figure] = {}
    for count in size.members:
        say(f"{count} members")
        fleets = [[f"{dice.getrandbits(32):08x}" for _ in range(count)] for _ in range(size.fleets)]
        for name, method in (("recado", assignment), ("plain rendezvous", plain)):
            shown = f"{count} members, {name}"
            shares = [Counter(method(members)) for members in fleets]
            figures[f"{shown}, the largest share"] = figure([max(share.values()) for share in shares], "partitions")
            figures[f"{shown}, the smallest share"] = figure(
                [min(share[member] for member in members) for share, members in zip(shares, fleets, strict=True)],
                "partitions",
            )
            joins = [moved(method, members, [*members, "newcomer"]) for members in fleets]
            leaves = [moved(method, members, members[1:]) for members in fleets]
            figures[f"{shown}, moved by a join"] = figure(joins, "partitions")
            figures[f"{shown}, moved by a leave"] = figure(leaves, "partitions")
    return Outcome({"partitions": PARTITIONS, "fleets": size.fleets}, figures)


def moved(method: Method, before: Collection[str], after: Collection[str]) -> int:
    """Partitions that have another owner `after` than `before`."""
    return sum(old != new for old, new in zip(method(before), method(after), strict=True))


def plain(members: Collection[str]) -> list[str]:
    """Rendezvous hashing without a bound."""
    return [max(members, key=lambda member: _score(member, number)) for number in range(PARTITIONS)]


def _score(member: str, number: int) -> bytes:
    return blake2b(f"{member} {number}".encode(), digest_size=8).digest()
