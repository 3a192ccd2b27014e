"""kill -9 of one of three instances."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.fleet import fleet


@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
async def test_its_chats_are_taken_over_and_no_other_chat_waits(tmp_path: Path) -> None:
    """Its running turn is adopted before anything is done about it, later messages are answered after it; the
    chats of the others are answered first. When it is back, under the same name, it has its old share."""
    async with fleet(tmp_path, "a", "b", "c") as those:
        before = await those.started("a", "b", "c")
        lost, other = await those.chat_of("b"), await those.chat_of("c")
        those.model.fail("hang")
        await those.outsider.write(lost, "m1")
        await those.model.until(lambda requests: len(requests) == 1)
        those["b"].kill()
        assert (await those.answered(other, "m1")).startswith("c-")
        await those.outsider.write(lost, "m2")
        first = await those.log.ended(lost, "m1")
        second = await those.log.ended(lost, "m2")
        adopted = await those.log.seen("turn_adopted", key=lost)
        assert (await those.log.ended(other, "m1")).seq < adopted.seq < first.seq < second.seq
        assert not first.msg_id.startswith("b-")
        assert (await those.started("b", among=("a", "b", "c"))).owners == before.owners
        assert (await those.answered(lost, "m3")).startswith("b-")
        await those.kept_its_promises("b")


async def test_it_is_back_before_its_lease_expires(tmp_path: Path) -> None:
    """A restart takes its own leases back at once: it waits for no expiry, and no other instance decides about its
    chats. The other one does not run meanwhile: on a slow machine the restart may take longer than a lease lasts."""
    async with fleet(tmp_path, "a", "b") as those:
        before = await those.started("a", "b")
        lost = await those.chat_of("b")
        those.model.fail("hang")
        await those.outsider.write(lost, "m1")
        await those.model.until(lambda requests: len(requests) == 1)
        those["a"].freeze()
        await those["b"].restarted()
        assert (await those.log.ended(lost, "m1")).msg_id.startswith("b-")
        those["a"].thaw()
        assert (await those.spread("a", "b")).owners == before.owners
        assert not [e for e in those.log.events if e.key == lost and e.side == "o" and not e.msg_id.startswith("b-")]
        await those.kept_its_promises("b")


@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
async def test_all_but_one_are_killed(tmp_path: Path) -> None:
    """The last one answers every chat."""
    async with fleet(tmp_path, "a", "b", "c") as those:
        await those.started("a", "b", "c")
        chats = [await those.chat_of(name) for name in ("a", "b", "c")]
        those["a"].kill()
        those["c"].kill()
        for key in chats:
            assert (await those.answered(key, "m1")).startswith("b-")
        await those.spread("b")
        await those.kept_its_promises("b")
