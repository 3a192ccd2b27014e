"""Commands go through the log: where they are given does not matter."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.fleet import fleet


async def test_the_owner_obeys_an_order_given_anywhere(tmp_path: Path) -> None:
    """pause, resume, reset and send, given on each instance, about a chat of another one."""
    async with fleet(tmp_path, "a", "b") as those:
        await those.started("a", "b")
        for owner, other in (("a", "b"), ("b", "a")):
            key = await those.chat_of(owner)
            await those.answered(key, "m1")
            for command, decided in (
                (("pause", key.chat), "paused"),
                (("resume", key.chat), "resumed"),
                (("reset", key.chat), "reset"),
                (("send", key.chat, "a person speaks"), "reply"),
            ):
                seq = those.log.events[-1].seq
                given = await those[other].run(*command)
                assert given.code == 0, given
                obeyed = await those.log.seen(decided, key=key, after=seq)
                assert obeyed.msg_id.startswith(f"{owner}-")
            assert (await those.answered(key, "m2")).startswith(f"{owner}-")
        await those.kept_its_promises("a")
