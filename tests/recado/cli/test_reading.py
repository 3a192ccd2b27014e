"""`recado chats`, `history`, `threads` and `usage`, on a projection of a real log."""

import asyncio
import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from click.testing import CliRunner

from events.decisions import Attention, Ignored, MediaRead, TurnStarted
from events.inbound import Media, Message
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.log import JetStreamLog
from events.jetstream.profiles import JetStreamProfileLog
from events.jetstream.vectors import JetStreamVectors
from events.profile import Profile
from recado.cli import bus_time, reading
from tests.conftest import LOG_BYTES
from tests.recado.cli.told import told
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, BIA, decide, reply

__all__ = ["told"]


async def test_chats_are_listed_with_what_waits(told: Command) -> None:
    """The latest first; programs get every field."""
    lines = (await told("chats")).out.splitlines()
    assert lines[0].split() == ["CHAT", "NAME", "ACCOUNT", "LAST", "MESSAGES", "REPLIES", "STATE", "TEXT"]
    assert "5511999990002" in lines[1]
    assert "paused until 21" in lines[1]
    assert "1 waiting" in lines[1]
    assert "Ana" in lines[2]
    document = (await told("chats", "--json")).document
    assert [(chat["chat"], chat["waiting"], chat["paused"]) for chat in document] == [
        (BIA.chat, 1, True),
        (ANA.chat, 0, False),
    ]
    assert (await told("chats", "--json", "--account", "shop")).document == []
    assert "answer failed, not sent yet" in lines[2]
    assert lines[2].endswith("recado: Sorry!")
    assert [chat["chat"] for chat in (await told("chats", "--json", "--only", "failed")).document] == [ANA.chat]
    assert [chat["chat"] for chat in (await told("chats", "--json", "--only", "paused")).document] == [BIA.chat]
    assert (await told("chats", "--json", "--only", "overdue")).document == []
    assert (await told("chats", "--only", "nothing")).code == 2


async def test_each_chat_has_its_profile(told: Command, bus: Bus) -> None:
    """That in force, the most specific; without the bus it is not known, and that is said."""
    assert {chat["profile"] for chat in (await told("chats", "--json")).document} == {"default"}
    profiles = await JetStreamProfileLog.open(bus)
    shop = Profile(name="shop", n=1, at=AT, accounts=(ANA.account,))
    await profiles.write([shop, Profile(name="bia", n=1, at=AT, chats=(BIA.chat,))], expected=0)
    await profiles.close()
    seen = {chat["chat"]: chat["profile"] for chat in (await told("chats", "--json")).document}
    assert seen == {ANA.chat: "shop@1", BIA.chat: "bia@1"}
    done = await told("chats", "--json", NATS_URL="nats://127.0.0.1:1")
    assert {chat["profile"] for chat in done.document} == {None}
    assert "profiles_unknown" in done.err


async def test_overdue_is_by_the_clock_of_the_bus(
    told: Command, jetstream_log: JetStreamLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a clock here that is three hours fast, then who asked just now is not overdue, as on the desk."""
    await decide(jetstream_log, Attention(id="h", text="A refund", by="model", at=AT))
    assert (await told("replay")).code == 0
    fast = datetime.now(UTC) + timedelta(hours=3)

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return fast.astimezone(tz)

    monkeypatch.setattr(bus_time, "datetime", Wrong)
    monkeypatch.setattr(reading, "datetime", Wrong)
    monkeypatch.chdir(told.home)
    for name, value in told.variables.items():
        monkeypatch.setenv(name, value)

    async def listed(only: str) -> list[str]:
        done = await asyncio.to_thread(CliRunner().invoke, reading.chats, ["--only", only, "--json"])
        return [chat["chat"] for chat in json.loads(done.stdout.splitlines()[-1])]

    assert await listed("human") == [ANA.chat]
    assert await listed("overdue") == []


async def test_without_the_bus_it_is_said_whose_clock_counts(told: Command) -> None:
    done = await told("chats", "--only", "overdue", NATS_URL="nats://127.0.0.1:1")
    assert done.code == 0
    assert "counted_by_this_machines_clock" in done.err


async def test_a_history_reads_like_the_chat(told: Command) -> None:
    """Who said what, and what a message without a reply ended as."""
    lines = (await told("history", "5511999990001")).out.splitlines()
    said = [line[21:] for line in lines]
    assert said[0] == "Ana: hello"
    assert said[1] == "assistant: hello"
    assert lines[2] == "Ana  [delivered]"
    assert said[3] == "Ana: and now?  [failed: the provider did not accept the key (bad_key)]"
    assert said[4] == "system: Sorry!"
    bia = (await told("history", "5511999990002")).out
    assert "(sticker)  [ignored: messages of this kind are not answered (unsupported_kind)]" in bia
    assert "anybody?  [open]" in bia
    assert [entry["id"] for entry in (await told("history", "5511999990001", "--json")).document] == [
        "m1",
        "r1",
        "m2",
        "t2.a",
    ]


async def test_the_owners_words_are_the_owners(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """By hand on the phone, under the person's name in the chat, and by order."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello", name="Ana"), msg_id="")
    by_hand = Message(id="h1", text="I will see to it", name="Ana", from_me=True)
    await jetstream_log.publish(ANA, by_hand, msg_id="")
    await decide(
        jetstream_log,
        Ignored(messages=("h1",), reason="from_me", at=AT),
        reply("m1", text="it is me", author="operator", cause="c1"),
    )
    assert (await on_bus("replay")).code == 0
    done = await on_bus("history", ANA.chat)
    assert [line[21:] for line in done.out.splitlines()] == [
        "Ana: hello",
        "the business, by hand: I will see to it",
        "the business: it is me",
    ]
    told = await on_bus("why", "h1")
    assert 'written by hand by the business, and stored: "I will see to it"' in told.out
    assert "one that starts later will not send the one reply so far" in (await on_bus("chats")).err


async def test_a_chat_that_nobody_knows_has_an_empty_history(told: Command) -> None:
    """It says in which account it looked, and where the chat is, because that is the usual mistake."""
    done = await told("history", "5511999990001", "--account", "shop")
    assert (done.code, done.out) == (1, "")
    assert "nothing is known of 5511999990001 in account shop, but in account local (2 messages, 2 replies)" in done.err
    assert (await told("history", "5511999990001", "--account", "shop", "--json")).document == []


async def test_words_of_a_voice_note(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """The history reads as if it had been written; `why` names the transcriber and the notice to the person."""
    log, note = jetstream_log, Media(object="meta:1", mime="audio/ogg", voice=True)
    for id_ in ("v1", "v2"):
        await log.publish(ANA, Message(id=id_, kind="audio", media=note, name="Ana"), msg_id=id_)
    told = {"message": "v1", "form": "text", "text": "do you have bread?", "model": "gpt-transcribe"}
    missing = {"message": "v2", "form": "nothing", "reason": "too_large", "detail": "17 MB", "bare": True}
    await decide(
        log,
        TurnStarted(turn="t1", messages=("v1",), backend="chat", at=AT, media=("v1",)),
        MediaRead(turn="t1", at=AT, **told),  # type: ignore[arg-type]
        reply("v1", text="Yes.", id="t1.r", turn="t1"),
        TurnStarted(turn="t2", messages=("v2",), backend="chat", at=AT, media=("v2",)),
        MediaRead(turn="t2", at=AT, **missing),  # type: ignore[arg-type]
        Ignored(messages=("v2",), reason="too_large", at=AT, told=True),
        reply(text="Please write it.", id="v2.b", author="system", about="v2"),
    )
    assert (await on_bus("replay")).code == 0
    history = (await on_bus("history", "5511999990001")).out
    assert "Ana: (audio) do you have bread?" in history
    assert "Ana: (audio)  [ignored: its file is too large (too_large)]" in history
    heard = 'the file of message v1 was read as text by gpt-transcribe: "do you have bread?"'
    assert heard in (await on_bus("why", "v1")).out
    why = (await on_bus("why", "v2")).out
    assert 'the file of message v2 was not read: its file is too large (too_large): "17 MB"' in why
    assert '"Please write it."' in why


async def test_threads_are_listed_by_chat(told: Command) -> None:
    """Where the conversation is at the backend, and why."""
    lines = (await told("threads")).out.splitlines()
    assert lines[1].split()[:4] == ["5511999990001", "local", "chat", "th1"]
    assert lines[1].split()[-5:] == ["first", "1", "1", "7", "current"]
    assert (await told("threads", "--json")).document[0]["thread"] == "th1"


async def test_usage_has_the_cost_of_documents(told: Command, bus: Bus) -> None:
    """They belong to no chat and no account: a sum of one has none. Without the bus it is said that they lack."""
    library = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
    await library.close()
    shared = await JetStreamVectors.open(bus)
    await shared.count("text-embedding-3-small", 50_000_000)
    await shared.close()
    lines = [line.split() for line in (await told("usage")).out.splitlines()]
    (line,) = [line for line in lines if "text-embedding-3-small" in line]
    assert line[:2] == ["-", "-"]
    assert line[3:] == ["documents", "text-embedding-3-small", "0", "50000000", "0", "0", "$1.00"]
    (found,) = [one for one in (await told("usage", "--json")).document if one["backend"] == "documents"]
    assert (found["chat"], found["input_tokens"], found["dollars"]) == ("", 50_000_000, "1.00")
    assert "text-embedding" not in (await told("usage", "--account", ANA.account)).out
    done = await told("usage", NATS_URL="nats://127.0.0.1:1")
    assert ("text-embedding" in done.out, "documents_not_counted" in done.err) == (False, True)
