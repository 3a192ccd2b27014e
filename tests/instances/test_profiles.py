"""Profiles of real processes: stored on the bus, followed without a restart, with keys that come later."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.decisions import Reply
from events.jetstream.connection import Bus
from events.jetstream.profiles import JetStreamProfileLog
from events.profile import Profile
from events.subjects import ChatKey
from tests.chaos.fleet import CHATS, Fleet, fleet
from tests.doubles.openai_server import OpenAIDouble

KEY = "sk-of-the-bakery"
BAKERY = ChatKey("bakery", CHATS[0].chat)


async def apply(those: Fleet, name: str, **settings: Any) -> None:
    """Store the next version of the profile, for the account of its name."""
    bus = await Bus.open(those.url)
    profiles = await JetStreamProfileLog.open(bus)
    try:
        stored = await profiles.look()
        n = stored.newest[name].n + 1 if name in stored.newest else 1
        made = Profile(name=name, n=n, at=datetime.now(UTC), accounts=(name,), settings=settings)
        await profiles.write([made], expected=stored.seq)
    finally:
        await profiles.close()
        await bus.close()


async def replied(those: Fleet, key: ChatKey, id_: str) -> Reply:
    await those.outsider.write(key, id_)
    reply = (await those.log.ended(key, id_)).event
    assert isinstance(reply, Reply)
    return reply


@pytest.mark.slow("two processes; a secret is looked for every two seconds")
async def test_a_profile_comes_and_changes_and_its_key_comes_later(tmp_path: Path) -> None:
    """Given an instance, when a profile with another server, mode and key is stored, then the account's chats wait for
    the key and others are answered; when the key's file is there they are answered by that server; when the profile
    changes, the next turn has the new one."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    async with OpenAIDouble(api_key=KEY) as baker:
        servers = f"{baker.base_url} BAKERY_KEY"
        async with fleet(tmp_path, "a", RECADO_SECRETS=str(secrets), RECADO_PROFILE_SERVERS=servers) as those:
            await those.started("a")
            assert not (await replied(those, BAKERY, "m1")).profile
            given = {"openai_base_url": baker.base_url, "openai_api_key_name": "BAKERY_KEY"}
            await apply(those, "bakery", openai_api_mode="responses", **given)
            await those["a"].said("profile_unusable")
            await those.outsider.write(BAKERY, "m2")
            assert not (await replied(those, CHATS[1], "m1")).profile
            (secrets / "BAKERY_KEY").write_text(KEY)
            reply: Any = (await those.log.ended(BAKERY, "m2")).event
            assert (reply.profile, reply.backend) == ("bakery@1", "responses")
            await apply(those, "bakery", openai_api_mode="chat", **given)
            seen = await replied(those, BAKERY, "m3")
            while seen.profile == "bakery@1":  # in force means within two seconds
                seen = await replied(those, BAKERY, f"m3-{seen.id}")
            assert (seen.profile, seen.backend) == ("bakery@2", "chat")
            assert those.model.api_key not in repr(baker.requests)
