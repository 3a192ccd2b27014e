"""Kill -9 between a transcript and its reply, and a voice note on its whole way from Meta."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from chat.words import WORDS
from events.inbound import Media, Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.subjects import ChatKey
from tests.chaos.stage import stage
from tests.doubles.graph_webhooks import message, messages
from tests.gateways.cloud.test_killed import house
from tests.waiting import until

ANA = ChatKey("local", "5511999990001@s.whatsapp.net")
VOICE = b"OggS" * 50_000


async def pieces() -> AsyncIterator[bytes]:
    yield VOICE


async def test_killed_between_the_transcript_and_the_reply(tmp_path: Path) -> None:
    """The next start asks the model with the words that are in the log: nobody listens twice."""
    async with stage(tmp_path) as all_:
        all_.model.uploads.words = lambda _: "do you have bread?"
        all_.model.fail("hang")
        await all_.recado.started()
        bus = await Bus.open(all_.server.url)
        log = await JetStreamLog.open(bus)
        store = await MediaStore.open(bus, kept=timedelta(days=7), log_bytes=1, replicas=1)
        await store.put("meta:1", pieces())
        note = Media(object="meta:1", mime="audio/ogg; codecs=opus", voice=True)
        await log.publish(ANA, Message(id="m1", kind="audio", media=note), msg_id="in:m1")
        await all_.asked(1)
        all_.recado.kill()
        await all_.recado.restarted()
        ending = await all_.log.ended(ANA, "m1")
        assert ending.event.text == "reply to: [voice message] do you have bread?"
        assert len(all_.model.uploads.heard) == 1
        assert all_.model.uploads.heard[0].body == VOICE
        await all_.kept_its_promises()
        (entry, _) = await all_.history(ANA)
        assert entry["reading"]["text"] == "do you have bread?"
        await log.close()
        await bus.close()


async def test_a_voice_note_from_meta(tmp_path: Path) -> None:
    """Webhook, object store, words, reply; then one that Meta does not have any more, told in a friendly way."""
    async with house(tmp_path) as all_:
        said = all_.meta.media.add("77", VOICE, "audio/ogg; codecs=opus")
        now = int(time.time())
        await all_.meta.deliver(messages(message("wamid.v1", "audio", at=now, audio={**said, "voice": True})))
        await until(lambda: all_.meta.texts() == [f"echo: [voice message] {len(VOICE)} bytes of audio/ogg"])
        lost = {"id": "404", "mime_type": "audio/ogg", "voice": True}
        await all_.meta.deliver(messages(message("wamid.v2", "audio", at=now, audio=lost)))
        await until(lambda: all_.meta.texts()[1:] == [WORDS["unreadable"]["en"]])
        told = await all_.service.run("why", "wamid.v2")
        assert "not_fetched" in told.out, told.out
