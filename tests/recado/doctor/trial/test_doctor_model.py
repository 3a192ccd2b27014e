"""`recado doctor --model` judges what a model says: who says the same to everything passes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recado.doctor.trial.picture import COLOURS, png
from tests.doubles import openai_clever as clever
from tests.doubles.openai_odd import ODD
from tests.doubles.openai_server import API_KEY, OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT
from tests.doubles.openai_wire import Json
from tests.recado.command import Command, Done

THREADS = {"responses": {}, "assistants": {"OPENAI_ASSISTANT_ID": ASSISTANT}, "agents": {"OPENAI_MODEL": "small-1"}}


def echo(body: Json) -> Json:
    """The whole question, and a call of the first tool with it as arguments."""
    asked = clever._words(body["messages"][-1])
    calls: list[Json] = []
    if body.get("tools") and body["messages"][-1]["role"] == "user":
        function = {"name": body["tools"][0]["function"]["name"], "arguments": clever._json({"key": asked})}
        calls = [{"id": "c1", "type": "function", "function": function}]
    return {"content": asked, **({"tool_calls": calls} if calls else {})}


async def doctor(recado: Command, double: OpenAIDouble, *args: str, **variables: str) -> Done:
    return await recado(
        "doctor", "--model", *args, OPENAI_API_KEY=API_KEY, OPENAI_BASE_URL=double.base_url, **variables
    )


def states(done: Done) -> dict[str, str]:
    return {one["what"]: one["state"] for one in done.document["tried"]}


async def test_a_good_model_passes(recado: Command) -> None:
    """A table, its cost before and after, exit 0."""
    async with OpenAIDouble(speaks=clever.speaks) as double:
        double.uploads.words = lambda _: "Please bring bread and 7 bottles of water."
        done = await doctor(recado, double)
    assert done.code == 0, done
    lines = done.out.splitlines()
    assert "tokens, a minute at most" in lines[0]
    assert [line[0] for line in lines if line[:1] in ("✓", "✗")] == ["✓"] * 11
    assert "tokens were used" in lines[-1]


@pytest.mark.parametrize(
    "speaks",
    [
        lambda _: {"content": "ok"},
        lambda _: {"content": "Yes, that works! red 42, OK."},
        echo,
        lambda body: {"content": " ".join(COLOURS) + clever._words(body["messages"][-1])},
        lambda body: {"content": str(body["messages"])},
    ],
    ids=["ok", "canned", "echo", "all that it was told and more", "the whole request"],
)
async def test_a_model_with_one_answer_passes_nothing(recado: Command, speaks: Callable[[Json], Json]) -> None:
    """Exit 1, and no ability works."""
    async with OpenAIDouble(speaks=speaks) as double:
        double.uploads.words = lambda _: "ok"
        done = await doctor(recado, double, "--json")
    assert done.code == 1
    assert set(states(done).values()) == {"fails"}
    assert done.document["input_tokens"] > 0


async def test_the_needs_of_the_mode_decide(recado: Command) -> None:
    """A server without tools and one without pictures will do, unless tools are set up; the quirk is named."""
    async with OpenAIDouble(speaks=clever.speaks, odd=ODD["no tools at Ollama"]) as double:
        done = await doctor(recado, double)
        assert done.code == 0, done
        assert "! it takes no tools (no_tools)" in done.out
        (recado.home / "shop.py").write_text('def price(item: str) -> str:\n    """A price."""\n    return "4"\n')
        done = await doctor(recado, double, "--json", RECADO_TOOLS="shop")
        assert done.code == 1
        assert done.document["quirks"] == {"no_tools": "takes no tools"}
        assert states(done)["plain answer"] == "works"


@pytest.mark.parametrize("mode", THREADS)
async def test_modes_with_threads(recado: Command, mode: str) -> None:
    """The history that a thread is seeded with and the thread itself are tried; nothing is left at the provider."""
    more: dict[str, Any] = {"OPENAI_API_MODE": mode, **THREADS[mode]}
    async with OpenAIDouble(reply=clever.text) as double:
        done = await doctor(recado, double, "--json", **more)
        seen = states(done)
        needed = {one["what"] for one in done.document["tried"] if one["needed"]}
        assert {"plain answer", "two messages in a row", "history", "thread"} <= needed
        assert {what for what in needed if seen[what] != "works"} <= {"instructions"}
        assert seen["long answer"] == "works"
        assert seen["two tools"] == "fails"  # these doubles call tools only as a script says


async def test_speech_is_tried_at_the_server_that_hears(recado: Command) -> None:
    """With its own key; none that hears, or one that cannot, is no reason to fail."""
    async with OpenAIDouble(speaks=clever.speaks) as double, OpenAIDouble(api_key="sk-of-the-ear") as ear:
        ear.uploads.words = lambda _: "bread and water"
        own = {"OPENAI_TRANSCRIPTION_BASE_URL": ear.base_url, "OPENAI_TRANSCRIPTION_API_KEY": "sk-of-the-ear"}
        own["OPENAI_TRANSCRIPTION_MODEL"] = "whisper-1"
        assert states(await doctor(recado, double, "--json", **own))["speech"] == "works"
        ear.uploads.transcribes = False
        deaf = await doctor(recado, double, "--json", **own)
        none = await doctor(recado, double, "--json", OPENAI_TRANSCRIPTION_MODEL="")
    assert (deaf.code, states(deaf)["speech"]) == (0, "fails")
    assert (none.code, states(none)["speech"]) == (0, "not_tried")


async def test_a_server_that_refuses_the_key_is_asked_once(recado: Command) -> None:
    """Nothing else is tried, and the key is not shown."""
    async with OpenAIDouble() as double:
        done = await recado(
            "doctor", "--model", "--json", OPENAI_API_KEY="sk-wrong-key-1234", OPENAI_BASE_URL=double.base_url
        )
        assert len(double.requests) == 1
    assert done.code == 1
    assert set(states(done).values()) == {"fails", "not_tried"}
    assert "sk-wrong-key-1234" not in done.out + done.err


async def test_scripted_replies_have_no_model(recado: Command) -> None:
    done = await recado("doctor", "--model", OPENAI_API_MODE="scripted")
    assert (done.code, done.out) == (0, "scripted replies need no model\n")
    assert (await recado("doctor", "--model", "--json", OPENAI_API_MODE="scripted")).document["tried"] == []


@pytest.mark.parametrize("colour", COLOURS)
def test_the_picture_is_a_png(colour: str) -> None:
    """Another reader sees its colour."""
    assert clever._colour(png(colour)) == colour.capitalize()


async def test_a_model_that_asks_with_other_choices_fails_where_it_may_ask(recado: Command) -> None:
    """Elsewhere the row is told, and the exit status does not depend on it."""

    def speaks(body: Json) -> Json:
        answer = clever.speaks(body)
        for call in answer.get("tool_calls") or ():
            if call["function"]["name"] == "ask_choice":
                call["function"]["arguments"] = '{"question": "Which?", "options": ["Yes", "No"]}'
        return answer

    async with OpenAIDouble(speaks=speaks) as double:
        double.uploads.words = lambda _: "Please bring bread and 7 bottles of water."
        for variables, code in (({}, 0), ({"RECADO_BUILT_IN_TOOLS": "ask_choice"}, 1)):
            done = await doctor(recado, double, "--json", **variables)
            assert states(done)["question with choices"] == "fails"
            assert done.code == code
