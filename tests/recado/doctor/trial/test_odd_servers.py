"""Every question of `doctor --model`, asked of every odd server: all that it can do works."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from recado.doctor.trial.questions import QUESTIONS, NotTried, Trial, Wrong, made_up_word, prompt
from recado.doctor.trial.turns import Turns
from tests.backends.asking import Naps, asked
from tests.doubles.openai_clever import speaks
from tests.doubles.openai_odd import CUT, ODD, Odd
from tests.doubles.openai_server import OpenAIDouble

ABILITIES = [question for question in QUESTIONS if not question.threads and question.what != "speech"]


async def works(double: OpenAIDouble, backend: ChatCompletions, today: str, yesterday: str) -> dict[str, str]:
    """What was seen of each ability; empty if it does not work."""
    trial = Trial(Turns(backend), today, yesterday, patience=20.0)
    seen = {}
    for question in ABILITIES:
        double.answered_oddly = 0
        try:
            seen[question.what] = await question.ask(trial)
        except (Wrong, ReplyFailed, NotTried):
            seen[question.what] = ""
    return seen


async def tried(odd: Odd | None) -> tuple[dict[str, str], ChatCompletions, OpenAIDouble]:
    today, yesterday = made_up_word(), made_up_word()
    async with OpenAIDouble(speaks=speaks, odd=odd) as double:
        backend = ChatCompletions(
            api_key=double.api_key,
            base_url=double.base_url,
            model="small-1",
            system_prompt=prompt(today, yesterday),
            sleep=Naps(),
        )
        try:
            return await works(double, backend, today, yesterday), backend, double
        finally:
            await backend.close()


@pytest.mark.parametrize("odd", [None, *ODD])
async def test_all_that_the_server_can_do_works(odd: str | None) -> None:
    """Words, two messages in a row, tools, pictures, a long answer: the same questions for every server."""
    server = ODD[odd] if odd else None
    seen, *_ = await tried(server)
    assert {what for what, says in seen.items() if not says} == (server.lacks if server else frozenset())


async def test_a_refusal_is_met_once_and_told_once() -> None:
    """The next request is made without what was refused."""
    with capture_logs() as lines:
        _, backend, double = await tried(ODD["no tools at Ollama"])
    refused = [request for request in double.requests if request.outcome == "400"]
    assert len(refused) == 1
    assert [line["quirk"] for line in lines if line["event"] == "server_quirk"] == ["no_tools"]
    assert set(backend.quirks.found) == {"no_tools"}


async def test_a_long_answer_is_continued_once() -> None:
    """A second request brings the rest; what is still too long is marked as cut."""
    async with OpenAIDouble(odd=CUT) as double:
        long = " ".join(str(number) for number in range(100, 200))
        double.speaks = lambda body: {"content": long[290:] if "cut off" in str(body["messages"][-1]) else long}
        backend = ChatCompletions(api_key=double.api_key, base_url=double.base_url, model="small-1")
        answer = await backend.reply(asked("count"))
        assert (answer.text, answer.length) == (long, "continued")
        double.speaks = lambda _: {"content": long}
        answer = await backend.reply(asked("count"))
        assert answer.length == "cut"
        await backend.close()
