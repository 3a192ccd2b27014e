"""The fence of an instance that cannot know whether it still owns anything."""

from __future__ import annotations

import pytest

from actors.leases.fence import TTL, Fence, Fenced, NoFence


class Seconds:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_holds_from_when_the_renewal_was_sent() -> None:
    """The fence counts from the sending of a renewal, since its answer may come late."""
    seconds = Seconds()
    fence = Fence(seconds)
    assert not fence.holds
    seconds.now = 102.0
    fence.renewed(100.0)
    assert fence.holds
    seconds.now = 100.0 + TTL
    assert not fence.holds


def test_an_append_behind_a_dropped_fence_is_refused_and_remembered() -> None:
    """A later renewal does not reset it: work that was refused has to be given up first."""
    seconds = Seconds()
    fence = Fence(seconds)
    fence.renewed(seconds.now)
    fence.check()
    assert not fence.tripped
    seconds.now += TTL
    with pytest.raises(Fenced):
        fence.check()
    fence.renewed(seconds.now)
    assert fence.holds
    assert fence.tripped
    fence.drop()
    assert not fence.holds
    assert not fence.tripped


def test_alone_there_is_none() -> None:
    """An instance that is alone on its log may always act."""
    fence = NoFence()
    fence.check()
    assert fence.holds
