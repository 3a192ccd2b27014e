"""Assignment of partitions to members: each member computes it alone, and all get the same result.

Rendezvous hashing with a bound: each partition goes to the member whose hash with it is highest, among those that have
not got their share yet. So all have the same share, give or take one, and a member that comes or goes moves little
more than its share (`make bench` measures it). Every version must compute the same assignment, for good: two members
with different results would leave a partition to each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

from events.subjects import PARTITIONS


def assignment(members: Iterable[str]) -> tuple[str, ...]:
    """The member that owns each partition, by the partition's number; empty without members."""
    return _assignment(frozenset(members))


@lru_cache(maxsize=16)
def _assignment(members: frozenset[str]) -> tuple[str, ...]:
    if not members:
        return ()
    share, larger = divmod(PARTITIONS, len(members))
    owns = dict.fromkeys(members, 0)
    owner: dict[int, str] = {}
    for _, partition, member in sorted(_scores(members), reverse=True):
        if partition in owner or owns[member] > share or (owns[member] == share and larger == 0):
            continue
        larger -= owns[member] == share
        owns[member] += 1
        owner[partition] = member
    return tuple(owner[partition] for partition in range(PARTITIONS))


def _scores(members: frozenset[str]) -> Iterable[tuple[bytes, int, str]]:
    """A hash that mixes well: by plain FNV three members got 10, 24 and 30 of 64 partitions."""
    for member in members:
        for partition in range(PARTITIONS):
            yield blake2b(f"{member} {partition}".encode(), digest_size=8).digest(), partition, member
