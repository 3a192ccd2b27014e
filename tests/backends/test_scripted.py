"""The backend without a model, and the messages that steer it."""

from __future__ import annotations

import pytest

from backends.protocol import Answer, ReplyFailed, Usage
from backends.scripted import ERROR_CLASSES, Scripted
from chat.context import Line
from tests.backends.asking import asked


async def test_it_echoes_the_messages_of_the_turn() -> None:
    """All texts in order, joined; usage counts the words it was shown and the words it said."""
    answer = await Scripted().reply(asked("one two", "three", history=(Line("user", "zero"),)))
    assert answer == Answer(text="echo: one two | three", model="scripted", usage=Usage(4, 5))


@pytest.mark.parametrize("error_class", ERROR_CLASSES)
async def test_a_message_can_ask_for_any_failure(error_class: str) -> None:
    """`!fail CLASS` fails every time, at any place in the turn."""
    backend = Scripted()
    for _ in range(2):
        with pytest.raises(ReplyFailed) as failed:
            await backend.reply(asked("hello", f"!fail {error_class} please"))
        assert failed.value.error_class == error_class


async def test_a_message_can_ask_to_fail_once() -> None:
    """`!once-fail CLASS` fails the first time in each chat, so that a retried turn succeeds."""
    backend = Scripted()
    for chat in ("5511999990001", "5511999990002"):
        with pytest.raises(ReplyFailed) as failed:
            await backend.reply(asked("!once-fail provider_error", chat=chat))
        assert failed.value.error_class == "provider_error"
    again = await backend.reply(asked("!once-fail provider_error"))
    assert again.text == "echo: !once-fail provider_error"


async def test_a_message_can_ask_for_time() -> None:
    """`!sleep SECONDS` is answered after that, within the turn's patience only."""
    assert (await Scripted().reply(asked("!sleep 0.01 hello"))).text == "echo: !sleep 0.01 hello"
    with pytest.raises(ReplyFailed) as failed:
        await Scripted().reply(asked("!sleep 30", patience=0.01))
    assert failed.value.error_class == "timeout"


async def test_its_latency_counts_against_patience() -> None:
    """`latency` seconds pass before each answer."""
    with pytest.raises(ReplyFailed) as failed:
        await Scripted(latency=30).reply(asked("hello", patience=0.01))
    assert failed.value.error_class == "timeout"


@pytest.mark.parametrize(
    "text", ["!fail nonsense", "!sleep long", "!sleep nan", "!sleep inf", "!sleep -1", "!sleep 1e999"]
)
async def test_a_script_that_makes_no_sense_says_so(text: str) -> None:
    """A typing error in a script is bad_request with a word about it, never a plain echo."""
    with pytest.raises(ReplyFailed, match=text.split()[1]) as failed:
        await Scripted().reply(asked(text))
    assert failed.value.error_class == "bad_request"


@pytest.mark.parametrize("text", ["!", "!fail", "!sleep", "please !fail now", "!unknown word"])
async def test_other_texts_are_echoed(text: str) -> None:
    """Only the documented words at the start of a text, with their argument, steer."""
    assert (await Scripted().reply(asked(text))).text == f"echo: {text}"
