"""A model's internals never reach a person, in any mode; an answer without anything else is asked for again."""

from __future__ import annotations

import pytest

from actors.effects import MOST_ATTEMPTS
from backends.scripted import Scripted
from events.cut import Cut
from events.decisions import Reply, TurnFailed
from tests.actors.house import house
from tests.actors.test_mode_changed import MODES, backend_of
from tests.doubles.openai_internals import ANSWER, MARKED, WORTHLESS, one_by_one
from tests.doubles.openai_odd import CUT
from tests.doubles.openai_server import OpenAIDouble


async def test_an_answer_that_the_model_could_not_finish_is_marked() -> None:
    """At the longest length of both requests; the log says so, and so does `recado why`."""
    async with OpenAIDouble(odd=CUT, speaks=lambda _: {"content": "bread " * 100}) as double:
        backend = backend_of("chat", double)
        async with house(backend=backend) as home:
            await home.say("m1", "bread?")
            reply: Reply = await home.decided(Reply)
            assert reply.text.endswith("bread…")
            assert reply.length == "cut"
        await backend.close()


@pytest.mark.parametrize("mode", MODES)
async def test_the_person_gets_the_answer_alone(mode: str) -> None:
    """The log says what was cut, and never its words."""
    texts = [text.replace("{}", ANSWER) for text in MARKED.values()]
    async with OpenAIDouble(reply=one_by_one(texts)) as double:
        backend = backend_of(mode, double)
        async with house(backend=backend) as home:
            for number, text in enumerate(texts, 1):
                await home.say(f"m{number}", "bread?")
                reply: Reply = await home.decided(Reply, number)
                assert reply.text == ANSWER
                assert reply.cut
                assert sum(cut.chars for cut in reply.cut) >= len(text) - text.count("\n") - len(ANSWER) - 1
        await backend.close()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", WORTHLESS)
async def test_a_worthless_answer_is_asked_for_again(mode: str, kind: str) -> None:
    """Where the provider keeps the thread, another one takes its place: it holds the worthless answer."""
    async with OpenAIDouble(reply=one_by_one([WORTHLESS[kind], ANSWER])) as double:
        backend = backend_of(mode, double)
        async with house(backend=backend) as home:
            await home.say("m1", "bread?")
            reply: Reply = await home.decided(Reply)
            assert reply.text == ANSWER
            assert not reply.cut
            assert reply.in_reply_to == ("m1",)
        await backend.close()


@pytest.mark.parametrize("mode", MODES)
async def test_a_model_that_never_answers_fails_the_turn(mode: str) -> None:
    asked = []

    def says(messages: object) -> str:
        asked.append(messages)
        return WORTHLESS["tool call"]

    async with OpenAIDouble(reply=says) as double:
        backend = backend_of(mode, double)
        async with house(backend=backend) as home:
            await home.say("m1", "bread?")
            failed: TurnFailed = await home.decided(TurnFailed)
            assert failed.error.class_ == "malformed_answer"
            assert "tool call" in failed.error.detail
            assert "stock" not in failed.error.detail
            assert len(asked) == MOST_ATTEMPTS
            assert failed.usage.output_tokens > 0
            assert failed.model
        await backend.close()


async def test_tokens_of_a_worthless_answer_count() -> None:
    async with OpenAIDouble(reply=one_by_one(["<think>one two three", ANSWER])) as double:
        backend = backend_of("chat", double)
        async with house(backend=backend) as home:
            await home.say("m1", "bread?")
            reply: Reply = await home.decided(Reply)
            assert reply.usage.output_tokens == 3 + len(ANSWER.split())
        await backend.close()


async def test_the_words_of_an_operator_are_not_cleaned() -> None:
    async with house(backend=Scripted()) as home:
        await home.order("k1", "send", text="Type <think> and 【4:0†x】")
        reply: Reply = await home.decided(Reply)
        assert reply.text == "Type <think> and 【4:0†x】"
        assert not reply.cut


async def test_code_stays() -> None:
    async with house() as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1), "Use `<think>`: <think>hm</think>\n```\n<|im_end|>\n```")
        reply: Reply = await home.decided(Reply)
        assert reply.text == "Use `<think>`: \n```\n<|im_end|>\n```"
        assert reply.cut == (Cut(kind="reasoning", chars=17),)
