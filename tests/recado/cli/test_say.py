"""`recado say`: one message in, the reply's text out."""

import asyncio
import json
from pathlib import Path

from events.decisions import Ignored, Reply, TurnError, TurnFailed, TurnStarted
from events.inbound import Message
from events.jetstream.log import JetStreamLog
from events.parts import Option, Part
from events.references import Choice
from tests.nats_server import NatsServer
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, BIA, decide, decide_on, reply


def failed(*messages: str, turn: str = "t1", told: bool = True) -> TurnFailed:
    return TurnFailed(
        turn=turn, messages=messages, error=TurnError(class_="bad_key", detail="no such key"), told=told, at=AT
    )


def started(*messages: str, turn: str = "t2") -> TurnStarted:
    return TurnStarted(turn=turn, messages=messages, backend="chat", at=AT)


async def test_the_replys_text_alone_is_printed(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """The message is stored as the person's own, and decisions about others are not mistaken for its ending."""
    asking = asyncio.create_task(on_bus("say", "+55 11 99999-0001", "olá"))
    message = await decide_on(
        jetstream_log,
        Message,
        lambda message: [
            Ignored(messages=("another",), reason="stale", at=AT),
            reply("another", text="not this"),
            started(message.id),
            reply("one", message.id, "two", text="line one\nline two"),
        ],
    )
    done = await asking
    assert done == (0, "line one\nline two\n", "")
    assert (message.text, message.sender, message.at, message.chat) == ("olá", None, None, None)


async def test_an_ignored_message_says_why(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """Nothing on stdout: there is no reply."""
    asking = asyncio.create_task(on_bus("say", ANA.chat, "hello"))
    await decide_on(jetstream_log, Message, lambda message: [Ignored(messages=(message.id,), reason="paused", at=AT)])
    assert await asking == (1, "", "The message was ignored: the chat was paused (paused)\n")


async def test_a_failed_turn_says_why_and_what_the_person_was_told(
    on_bus: Command, jetstream_log: JetStreamLog
) -> None:
    """The apology is no answer, so it is no result."""
    asking = asyncio.create_task(on_bus("say", ANA.chat, "hello"))
    await decide_on(
        jetstream_log,
        Message,
        lambda message: [failed(message.id), reply(text="Sorry!", author="system", about="t1")],
    )
    done = await asking
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        "The turn failed: the provider did not accept the key (bad_key): no such key",
        "The person was told: Sorry!",
    ]


async def test_without_an_answer_in_time_it_says_that_the_message_is_stored(
    on_bus: Command, jetstream_log: JetStreamLog
) -> None:
    """Exit 2: nothing is lost, and nothing is known yet."""
    done = await on_bus("say", ANA.chat, "hello", "--timeout", "0.3")
    assert (done.code, done.out) == (2, "")
    assert "The message is stored" in done.err
    assert (await jetstream_log.head()).last == 1


async def test_an_id_that_was_answered_prints_that_answer(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """A repeat gets no ending of its own: it shares the first one's."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id=f"in:local:{ANA.chat}:m1")
    await decide(jetstream_log, reply("m1", text="the first answer"), reply("other", text="another"))
    done = await on_bus("say", ANA.chat, "hello again", "--id", "m1")
    assert (done.code, done.out) == (0, "the first answer\n")
    assert "stored before" in done.err
    assert (await jetstream_log.head()).last == 3


async def test_an_id_of_long_ago_prints_its_answer_too(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """Eight days later the server has forgotten the id and stores the repeat; its ending is still the first one's."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="forgotten")
    await decide(jetstream_log, reply("m1", text="the first answer"))
    done = await on_bus("say", ANA.chat, "hello again", "--id", "m1")
    assert (done.code, done.out) == (0, "the first answer\n")
    assert "stored before" in done.err
    assert (await jetstream_log.head()).last == 3


async def test_a_failed_message_that_is_tried_again_is_waited_for(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """A retry reopens it: the old failure is not its ending any more."""
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id=f"in:local:{ANA.chat}:m1")
    await decide(jetstream_log, failed("m1"), started("m1"))
    asking = asyncio.create_task(on_bus("say", ANA.chat, "hello", "--id", "m1"))
    await decide_on(jetstream_log, Message, lambda _: [], after=0)
    await decide(jetstream_log, reply("m1", text="at last", turn="t2"))
    assert (await asking).out == "at last\n"


async def test_a_fresh_id_is_waited_for_like_any_other(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """`--id` with an unused id is no repeat, after any decision of the chat."""
    await decide(jetstream_log, reply("m0", text="old"))
    asking = asyncio.create_task(on_bus("say", ANA.chat, "hello", "--id", "m1"))
    await decide_on(jetstream_log, Message, lambda message: [reply(message.id, text="new")])
    assert await asking == (0, "new\n", "")


async def test_an_operators_reply_counts(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """An answer of any author is the message's ending."""
    asking = asyncio.create_task(on_bus("say", BIA.chat, "hello", "--account", "shop"))
    key = BIA._replace(account="shop")

    def answer(message: Message) -> list[Reply]:
        return [reply(message.id, text="it is me", author="operator", key=key)]

    await decide_on(jetstream_log, Message, answer, key=key)
    assert (await asking).out == "it is me\n"


async def test_a_text_over_the_servers_limit_is_refused(recado: Command, tmp_path: Path) -> None:
    """With both sizes, and before anything is stored."""
    server = NatsServer(tmp_path, config="max_payload: 8KB")
    server.start()
    try:
        done = await recado("say", ANA.chat, "x" * 9000, NATS_URL=server.url)
    finally:
        server.kill()
    assert (done.code, done.out) == (1, "")
    assert "the server takes 8,192: shorten it" in done.err


async def test_a_choice_is_tapped(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """The last question is the one that is meant; a choice that it does not have is refused with those that it has."""
    refused = await on_bus("say", ANA.chat, "--choice", "1")
    assert (refused.code, "no question with choices" in refused.err) == (1, True)
    sizes = (Option(id="s", title="Small"), Option(id="m", title="Medium"))
    await decide(jetstream_log, reply("m1", text="Which?", parts=(Part(kind="choices", text="Which?", choices=sizes),)))
    refused = await on_bus("say", ANA.chat, "--choice", "huge")
    assert (refused.code, "It has 1. Small (s), 2. Medium (m)" in refused.err) == (1, True)
    asking = asyncio.create_task(on_bus("say", ANA.chat, "--choice", "2", "--json"))
    place = Part(kind="location", latitude=1.0, longitude=2.0)
    message = await decide_on(
        jetstream_log, Message, lambda message: [reply("two", message.id, text="Done", parts=(place,))]
    )
    assert (message.kind, message.text, message.choice) == ("button", "Medium", Choice(id="m", title="Medium"))
    assert message.quoted is not None
    told = json.loads((await asking).out)
    assert (told["text"], told["parts"]) == ("Done", [{"kind": "location", "latitude": 1.0, "longitude": 2.0}])
