"""Three instances are restarted one after the other onto another version, under load."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events import codec
from events.inbound import Time
from events.subjects import ChatKey, decision_subject
from tests.chaos.fleet import Fleet, fleet
from tests.chaos.load import SETTINGS, Mix, writing
from tests.instances.versions import ADDS_A_FIELD, READS_A_TYPE, WRITES_A_TYPE, version

NAMES = ("a", "b", "c")
BUSY = Mix(chats=200, pause=0.1, trouble_at_the_provider=0)


class Hinted(msgspec.Struct, frozen=True, kw_only=True):
    """The type that the next version writes, as this test reads it."""

    text: str
    at: Time
    cause: str


async def last(those: Fleet, key: ChatKey, type_: str) -> dict[str, Any]:
    """The chat's last decision of this type, as it is stored."""
    stored = await those.outsider.bus.jetstream().get_last_msg("EVENTS", decision_subject(key, type_))
    fields: dict[str, Any] = json.loads(stored.data or b"{}")
    return fields


async def roll(those: Fleet, name: str, source: Path) -> None:
    """Restart one instance onto the version, and return once it has its share."""
    assert await those[name].stop() == 0, those[name].tail()
    those[name].start(PYTHONPATH=str(source))
    await those.spread(*NAMES)
    await those.healthy(name)


@pytest.mark.slow("three instances restart in turn, and each takes its share before the next")
async def test_onto_a_version_that_adds_a_field(tmp_path: Path) -> None:
    """Older instances go on with what they know: one takes over a chat that a newer one has written in. Nothing is
    lost, nothing is answered twice."""
    newer = version(tmp_path / "newer", ADDS_A_FIELD)
    async with fleet(tmp_path, *NAMES, latency=0.2, **SETTINGS) as those:
        await those.started(*NAMES)
        async with writing(those.outsider, those.model, random.Random("field"), BUSY):
            await roll(those, "a", newer)
            key = await those.chat_of("a")
            assert (await those.answered(key, "new")).startswith("a-")
            assert (await last(those, key, "reply"))["tone"] == "friendly"
            those["a"].kill()
            assert (await those.answered(key, "old")).startswith(("b-", "c-"))
            assert "tone" not in await last(those, key, "reply")
            those["a"].start()
            for name in ("b", "c"):
                await roll(those, name, newer)
            for name in NAMES:
                key = await those.chat_of(name)
                await those.answered(key, f"last-{name}")
                assert (await last(those, key, "reply"))["tone"] == "friendly"
        await those.kept_its_promises(*NAMES)


@pytest.mark.slow("three instances restart in turn, and each takes its share before the next")
async def test_onto_a_version_that_writes_a_type_which_the_one_before_could_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release before knew the type and wrote none: while both run, either obeys what the other hinted, once."""
    monkeypatch.setitem(codec._decoders, "hinted", msgspec.json.Decoder(Hinted))
    reads, writes = version(tmp_path / "reads", READS_A_TYPE), version(tmp_path / "writes", WRITES_A_TYPE)
    async with fleet(tmp_path, *NAMES, latency=0.2, PYTHONPATH=str(reads), **SETTINGS) as those:
        await those.started(*NAMES)
        async with writing(those.outsider, those.model, random.Random("type"), BUSY):
            await roll(those, "a", writes)
            key = await those.chat_of("a")
            await those.outsider.order(key, "nothing-1", "send")
            assert (await those.log.seen("hinted", key=key)).msg_id.startswith("a-")
            those["a"].kill()
            assert (await those.answered(key, "old")).startswith(("b-", "c-"))
            await those.outsider.order(key, "nothing-2", "send")
            refused = await those.log.seen("ignored", key=key)
            assert refused.event.cause == "nothing-2"
            those["a"].start()
            for name in ("b", "c"):
                await roll(those, name, writes)
            for name in NAMES:
                key = await those.chat_of(name)
                await those.outsider.order(key, f"nothing-{name}", "send")
                await those.log.seen("hinted", key=key)
        await those.kept_its_promises(*NAMES)
