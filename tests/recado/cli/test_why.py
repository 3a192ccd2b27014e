"""`recado why`, on a projection of a real log."""

import pytest

from events.decisions import TurnStarted
from events.inbound import Control
from events.jetstream.log import JetStreamLog
from tests.recado.cli.told import told
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, decide, reply

__all__ = ["told"]


async def test_why_and_history_tell_of_the_apology_before_a_retry(told: Command, jetstream_log: JetStreamLog) -> None:
    """The person heard it, whatever came of the second try."""
    await jetstream_log.publish(ANA, Control(id="o2", command="retry", messages=("m2",)), msg_id="")
    await decide(
        jetstream_log,
        TurnStarted(turn="t3", messages=("m2",), backend="chat", at=AT, cause="o2"),
        reply("m2", text="here you are", id="t3.r", turn="t3"),
    )
    assert (await told("replay")).code == 0
    story = (await told("why", "m2")).out
    assert story.index('the person was told, reply t2.a: "Sorry!"') < story.index("turn t3 started")
    assert story.index("turn t3 started") < story.index("here you are")
    said = [line[21:] for line in (await told("history", ANA.chat)).out.splitlines()]
    assert said[-2:] == ["system: Sorry!", "assistant: here you are"]


@pytest.mark.parametrize(
    ("id_", "story"),
    [
        (
            "m1",
            [
                'received from Ana and stored: "hello"',
                "turn t1 started on instance ",
                "thread th1 was made: the chat had none there",
                "gpt answered, reply r1, after",
                '5 tokens in and 2 out, thread th1: "hello Ana"',
                "came again with the same id: counted, not answered again",
                "it reached the phone",
            ],
        ),
        (
            "m2",
            [
                "received from Ana",
                "turn t2 started",
                "the turn failed after",
                "the provider did not accept the key (bad_key): no such key",
                'the person was told, reply t2.a: "Sorry!"',
                "the gateway has not taken the reply yet",
            ],
        ),
        ("m3", ["(sticker)", "it got no reply: messages of this kind are not answered (unsupported_kind)"]),
        ("m4", ["received", "the chat is paused, and nothing is answered until 21", "nobody owns this partition"]),
        ("r1", ["reply r1", "turn t1 started", "it reached the phone"]),
        ("t2.a", ["turn t2 started", "the turn failed", "the person was told, reply t2.a"]),
        ("t1", ["turn t1 in the chat 5511999990001", "the burst had ended: m1", "gpt answered, reply r1"]),
        ("o1", ["ordered by cli:eva: pause", "the chat was paused"]),
    ],
)
async def test_why_tells_the_story_of_an_id(told: Command, id_: str, story: list[str]) -> None:
    """From its arrival to its ending, with the reason."""
    done = await told("why", id_)
    assert done.code == 0
    for step in story:
        assert step in done.out


async def test_why_tells_programs_the_same(told: Command) -> None:
    """As one document with one item for each thing of that id."""
    (known,) = (await told("why", "m1", "--json")).document
    assert (known["what"], known["entry"]["repeats"], known["reply"]["id"]) == ("message", 1, "r1")
    assert [step["kind"] for step in known["steps"]][:4] == ["received", "waited", "turn", "thread"]


async def test_why_without_an_id_is_about_the_last_message(told: Command) -> None:
    """Of all, or of a chat."""
    assert (await told("why")).out.startswith("message m4 in the chat 5511999990002, account local\n")
    assert (await told("why", "--chat", "5511999990001")).out.startswith("message m2 in the chat 5511999990001")
    done = await told("why", "--chat", "5511999990077")
    assert (done.code, done.out) == (1, "")
    assert "nothing is known of 5511999990077 in any account" in done.err


async def test_why_tells_without_the_bus_what_the_projection_knows(told: Command) -> None:
    """And says that the rest is missing."""
    done = await told("why", "m1", NATS_URL="nats://127.0.0.1:1")
    assert (done.code, "gpt answered, reply r1" in done.out, "thread th1 was made" in done.out) == (0, True, False)
    assert "told_without_the_log" in done.err


async def test_why_does_not_know_every_id(told: Command) -> None:
    """It says up to where it knows the log."""
    done = await told("why", "m99")
    assert (done.code, done.out) == (1, "")
    assert "Up to sequence 15 of the log" in done.err
