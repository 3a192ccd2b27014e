"""Tools that say more than text: Python's classes check what they make, and a turn's answer carries it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.tools.python import PythonTool
from backends.protocol import ToolCall
from chat.parts import parts_of
from events.decisions import Reply
from events.parts import Part, faults
from events.tool_calls import ToolReturned
from recado import tools
from recado.tools import Option, Result, choices, document, image, location
from tests.actors.house import ANA, house

WRONG: list[Callable[[], Part]] = [
    lambda: image("http://example.org/a.png"),
    lambda: image("menu.png"),
    lambda: tools.video(None),  # type: ignore[arg-type]
    lambda: tools.audio(""),
    lambda: document("https://example.org/a.pdf", filename=7),  # type: ignore[arg-type]
    lambda: location(91, 0),
    lambda: location(float("nan"), 0),
    lambda: location("here", "there"),  # type: ignore[arg-type]
    lambda: tools.contact("Ana"),
    lambda: tools.contact("Ana", "none"),
    lambda: choices("Which?", {}),
    lambda: choices("Which?", {str(n): str(n) for n in range(11)}),
    lambda: choices("Which?", [Option(id="a", title="x"), Option(id="a", title="y")]),
    lambda: choices("Which?", {"a": "x", "b": "X "}),
    lambda: choices("Which?", ["a", "b"]),  # type: ignore[list-item]
    lambda: tools.link("pay", "javascript:alert(1)"),
    lambda: tools.text(" "),
    lambda: tools.text("half \ud83c"),
    lambda: tools.text("x" * 70_000),
]


@pytest.mark.parametrize("make", WRONG)
def test_what_cannot_be_sent_cannot_be_made(make: Callable[[], Part]) -> None:
    """The error names the remedy, where the tool's author sees it: not a gateway's hours later."""
    with pytest.raises(ValueError, match=r".{10}"):
        make()


SOUND: list[Part] = [
    image("https://example.org/a.png", caption="Rye"),
    tools.video("https://example.org/a.mp4"),
    tools.audio("https://example.org/a.ogg", voice=True),
    document("https://example.org/a.pdf", filename="menu.pdf"),
    location(-23.5, 0, name="Bakery"),
    tools.contact("Ana", "+5511999990001"),
    choices(None, {"s": "Small"}),
    choices("Which?", [Option(id="s", title="Small", description="1 kg")], button="Sizes"),
    tools.link("Pay", "https://example.org/pay", title="Pay"),
    tools.text("hi"),
]


@pytest.mark.parametrize("part", SOUND)
def test_what_is_made_can_be_sent(part: Part) -> None:
    assert not list(faults(part))


def returning(result: Any) -> PythonTool:
    def tool() -> Any:
        return result

    return PythonTool(tool)


async def test_a_function_returns_text_a_part_or_both() -> None:
    """The model reads the output; where there is none, the plain reading."""
    place = location(1, 2, name="Bakery")
    assert (await returning("yes").call(ANA, b"{}")).send == ()
    part = await returning(place).call(ANA, b"{}")
    assert (part.send, "📍 Bakery" in part.output) == ((place,), True)
    as_json = await returning(Result(send=[{"kind": "text", "text": "hi"}])).call(ANA, b"{}")  # type: ignore[list-item]
    assert (as_json.send, as_json.failed) == ((tools.text("hi"),), False)
    both = await returning(Result("asked", send=[place])).call(ANA, b"{}")
    assert (both.send, both.output, both.failed) == ((place,), "asked", False)


async def test_a_function_wants_the_message_quoted() -> None:
    """With words, with parts, or alone; the model is told where it would else read nothing."""
    alone = await returning(Result(quote=True)).call(ANA, b"{}")
    assert (alone.quote, alone.send, alone.output) == (True, (), "Your answer quotes the person's message.")
    assert (await returning(Result("4.20", quote=True)).call(ANA, b"{}")).output == "4.20"
    with_part = await returning(Result(send=[tools.text("hi")], quote=True)).call(ANA, b"{}")
    assert (with_part.quote, with_part.output.endswith("hi")) == (True, True)
    assert not (await returning(Result("4.20")).call(ANA, b"{}")).quote


@pytest.mark.parametrize("send", [["menu"], [Part(kind=7)], [{"kind": 7}], 5, [Part(kind="text", text="\ud83c")]])  # type: ignore[arg-type]
async def test_parts_that_are_none_are_a_failed_result(send: Any) -> None:
    result = await returning(Result("asked", send=send)).call(ANA, b"{}")
    assert result.failed
    assert result.send == ()


class Menu:
    """A tool that asks for a size."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    async def offered(self, account: str) -> tuple[()]:
        return ()

    def is_safe(self, name: str) -> bool:
        return True

    async def call(self, *given: Any) -> Any:
        self.calls.append(given)
        return await returning(choices(None, {"s": "Small", "l": "Large"})).call(ANA, b"{}")


async def test_a_turns_answer_carries_the_parts_though_the_model_is_silent() -> None:
    """The model's empty answer is not asked for again."""
    async with house(tools=Menu()) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), ToolCall(id="c1", name="size", arguments="{}"))
        second = await home.model.asked(2)
        assert second.may_be_silent
        home.model.answer(second, " ")
        reply = await home.decided(Reply)
        assert [part.kind for part in parts_of(reply)] == ["choices"]
        assert reply.text == "1. Small\n2. Large"
        (returned,) = [e.event for e in home.reads.events if isinstance(e.event, ToolReturned)]
        assert returned.send == parts_of(reply)


async def test_a_typed_choice_reaches_the_tools_of_the_next_turn() -> None:
    """With what the message refers to otherwise, as a tapped one does."""
    menu = Menu()
    async with house(tools=menu) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), ToolCall(id="c1", name="size", arguments="{}"))
        home.model.answer(await home.model.asked(2), "Which size?")
        await home.decided(Reply)
        await home.say("m2", "2")
        home.model.wants(await home.model.asked(3), ToolCall(id="c2", name="size", arguments="{}"))
        await home.model.asked(4)
        ((_, _, _), (_, _, _, (referring,))) = menu.calls
        assert (referring.id, referring.choice.id, referring.choice.title) == ("m2", "l", "Large")
