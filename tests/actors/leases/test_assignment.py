"""Assignment of partitions to members."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from actors.leases.assignment import assignment
from events.subjects import PARTITIONS

NAMES = st.sets(st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True), min_size=1, max_size=90)


@given(NAMES)
def test_everybody_has_the_same_share(names: set[str]) -> None:
    """All shares differ by at most one; with more members than partitions some members have none."""
    owners = assignment(names)
    counts = Counter(owners)
    share = PARTITIONS // len(names)
    assert len(owners) == PARTITIONS
    assert all(share <= counts[name] <= share + 1 for name in names)


@given(NAMES)
def test_the_order_of_the_members_makes_no_difference(names: set[str]) -> None:
    """Each member computes it alone, and all get the same result."""
    assert assignment(sorted(names)) == assignment(sorted(names, reverse=True))


@given(NAMES, st.from_regex(r"new-[a-z]{8}", fullmatch=True))
def test_a_join_moves_little(names: set[str], newcomer: str) -> None:
    """A new member gets its share. At most twice as many partitions move besides, and a few for the bound."""
    before, after = assignment(names), assignment({*names, newcomer})
    moved = sum(old != new for old, new in zip(before, after, strict=True))
    assert moved <= 3 * (PARTITIONS // (len(names) + 1) + 1) + 8


def test_it_is_the_same_for_good() -> None:
    """Members of two versions must agree, so the result is pinned."""
    pinned = "\n".join(" ".join(assignment(f"i{n}" for n in range(size))) for size in (1, 2, 3, 7, 64, 100))
    assert sha256(pinned.encode()).hexdigest() == "829e9c6bd720f04363217d3df3b7dd3e87705992dc5f68a6c57299e12fa395d5"


def test_no_member_at_all() -> None:
    """Without members no partition has an owner."""
    assert assignment([]) == ()
