"""The answer to a question reaches the tool that acts on it; parts that are forbidden are an event with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actors.tools.built_in import BuiltIn
from actors.tools.protocol import ToolResult
from actors.tools.python import PythonTool
from actors.tools.shelf import Shelf
from actors.tools.toolbox import Toolbox
from backends.protocol import ToolCall
from chat.built_in import BUILT_IN
from chat.gates import Gates
from events.decisions import Ignored, Reply, TurnFailed
from events.inbound import Control, Message
from events.memory_library import MemoryLibrary
from events.parts import Option, Part
from events.references import Choice
from events.subjects import ChatKey
from tests.actors.house import ANA, House, Model, house
from tests.actors.tools.test_questions_in_turns import ASK, MENU, PRICE, SEND, Entry, kinds
from tests.security.test_tools_of_profiles import AT, OnTheBus

GROUP = ChatKey("local", "120363041234567890@g.us")
BIA, CAIO = "5511999990002@s.whatsapp.net", "5511999990003@s.whatsapp.net"
SIZES = Part(kind="choices", text="Which size?", choices=(Option(id="s", title="Small"), Option(id="l", title="Large")))
LARGE = Choice(id="large", title="Large")


class Heard:
    """Tools of which each call's references are kept: a function's and a service's."""

    def __init__(self) -> None:
        self.by_function: list[Any] = []
        self.by_service: list[Any] = []

    async def tools(self) -> Toolbox:
        def price(bread: str, refers_to: list[dict[str, Any]]) -> str:
            """What a bread costs."""
            self.by_function.append([one["choice"]["id"] for one in refers_to if "choice" in one])
            return "4.20"

        def ask_size() -> Part:
            """Asks."""
            return SIZES

        heard = self.by_service

        class Services(OnTheBus):
            async def call(self, key: ChatKey, tool: Any, arguments: bytes, references: Any = ()) -> ToolResult:
                heard.append([one.choice.id for one in references if one.choice])
                return ToolResult("there is some")

        library = MemoryLibrary()
        await library.add("local", Entry(name="Menu", part=MENU, at=AT))
        built_in = BuiltIn(BUILT_IN, Shelf(library))
        functions = {"price": PythonTool(price), "ask_size": PythonTool(ask_size)}
        return Toolbox(functions, Services("stock"), built_in=built_in)

    @property
    def last(self) -> tuple[Any, Any]:
        return self.by_function[-1], self.by_service[-1]


STOCK = ToolCall(id="s1", name="stock", arguments="{}")


async def asks_the_tools(model: Model, number: int) -> None:
    """The model calls the function and the service in request `number`, and answers."""
    model.wants(await model.asked(number), PRICE, STOCK)
    model.answer(await model.asked(number + 1))


async def test_a_function_and_a_service_get_the_id() -> None:
    heard = Heard()
    async with house(tools=await heard.tools()) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), ASK)
        await home.decided(Reply)
        await home.say("m2", "large")
        await asks_the_tools(home.model, 2)
        await home.decided(Reply, 2)
        assert heard.last == (["large"], ["large"])


async def test_a_question_of_a_tool_is_answered_like_one_of_the_models() -> None:
    """The model's words are said beside it; the number that the person types is its id."""
    heard = Heard()
    async with house(tools=await heard.tools()) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), ToolCall(id="q", name="ask_size", arguments="{}"))
        home.model.answer(await home.model.asked(2), "Please choose.")
        assert kinds(await home.decided(Reply)) == ["choices", "text"]
        await home.say("m2", "2")
        await asks_the_tools(home.model, 3)
        await home.decided(Reply, 2)
        assert heard.last == (["l"], ["l"])


@pytest.mark.parametrize("takeover", [True, False])
async def test_the_answer_to_an_operators_question(takeover: bool) -> None:
    """After a send that takes no chat over the bot has the answer; after another it goes to the human, unanswered."""
    heard = Heard()
    async with house(tools=await heard.tools(), takeover=timedelta(hours=1)) as home:
        order = Control(id="o1", command="send", text="Which size?", parts=(SIZES,), takeover=takeover)
        await home.log.publish(ANA, order, msg_id="")
        await home.decided(Reply)
        await home.say("m1", "2")
        if takeover:
            ended: Ignored = await home.decided(Ignored)
            assert (ended.messages, ended.reason) == (("m1",), "taken_over")
            return
        await asks_the_tools(home.model, 1)
        await home.decided(Reply, 2)
        assert heard.last == (["l"], ["l"])


async def test_the_second_model_asks_and_hears_the_answer() -> None:
    """The first model is down in both turns."""
    heard, second = Heard(), Model()
    async with house(tools=await heard.tools(), fallback=second, fallback_after=30.0) as home:
        await home.say("m1")
        home.model.fail(await home.model.asked(1), "rate_limited")
        second.wants(await second.asked(1), ASK)
        reply: Reply = await home.decided(Reply)
        assert (kinds(reply), reply.fallback) == (["choices"], "rate_limited")
        await home.say("m2", "2")
        home.model.fail(await home.model.asked(2), "rate_limited")
        await asks_the_tools(second, 2)
        await home.decided(Reply, 2)
        assert heard.last == (["large"], ["large"])


async def say_in_group(home: House, id_: str, text: str, sender: str = BIA, **fields: Any) -> None:
    await home.log.publish(GROUP, Message(id=id_, text=text, sender=sender, group=GROUP.chat, **fields), msg_id="")


async def asked_in_group(home: House) -> None:
    await say_in_group(home, "m1", "@bot which bread?", mentions=("me",))
    home.model.wants(await home.model.asked(1), ASK)
    await home.decided(Reply, key=GROUP)


@pytest.mark.parametrize("sender", [BIA, CAIO])
@pytest.mark.parametrize("words", ["2", "Large", None])
async def test_anyone_in_a_group_may_choose(sender: str, words: str | None) -> None:
    """Typed right after the question, or tapped, it is meant for the bot without a mention. The model is told whose
    choice it is by the line's name."""
    heard = Heard()
    async with house(tools=await heard.tools(), gates=Gates(groups="mentioned")) as home:
        await asked_in_group(home)
        tap = {} if words else {"kind": "button", "choice": LARGE}
        await say_in_group(home, "m2", words or "Large", sender, name="Caio" if sender == CAIO else "Bia", **tap)
        request = await home.model.asked(2)
        assert request.messages[0].name == ("Caio" if sender == CAIO else "Bia")
        await asks_the_tools(home.model, 2)
        await home.decided(Reply, 2, key=GROUP)
        assert heard.last == (["large"], ["large"])


async def test_a_number_after_other_words_in_a_group_is_no_answer() -> None:
    """Two people talk to each other."""
    async with house(tools=await Heard().tools(), gates=Gates(groups="mentioned")) as home:
        await asked_in_group(home)
        await say_in_group(home, "m2", "How many goals?", CAIO)
        await say_in_group(home, "m3", "2")
        ended = await home.reads.seen(lambda one: isinstance(one.event, Ignored) and "m3" in one.event.messages)
        assert isinstance(ended.event, Ignored)
        assert ended.event.reason == "unaddressed"
        assert len(home.model.requests) == 1


BY_HUMANS: dict[str, Any] = {"takeover": timedelta(hours=1)}
STOP: dict[str, Any] = {"gates": Gates(stop_words=frozenset({"stop"}))}
FORBIDDEN = [
    ("a human's word", BY_HUMANS, Control(id="o1", command="send", text="Rita here."), "o1"),
    ("a word on the phone", BY_HUMANS, Message(id="h1", text="Rita here.", from_me=True), "taken_over"),
    ("a pause", {}, Control(id="o1", command="pause"), "paused"),
    ("a handoff", {}, Control(id="o1", command="handoff", text="upset"), "handed_off"),
    ("a block", {}, Control(id="o1", command="block"), "blocked"),
    ("stop", STOP, Message(id="s1", text="stop"), "stopped"),
]
"""What closes the gate, and the reason of the message's ending; the order of an operator whose words are the ending."""

ASKS = ToolCall(id="q", name="ask_size", arguments="{}")


def named_by(event: object) -> tuple[str, ...]:
    """The messages that an ending names."""
    if isinstance(event, Reply):
        return event.in_reply_to
    return event.messages if isinstance(event, Ignored) else ()


@pytest.mark.parametrize(("what", "settings", "event", "reason"), FORBIDDEN, ids=[row[0] for row in FORBIDDEN])
@pytest.mark.parametrize("call", [SEND, ASKS], ids=["a file", "a question"])
async def test_parts_of_a_turn_that_is_forbidden_are_an_event_with_its_reason(
    what: str, settings: dict[str, Any], event: Control | Message, reason: str, call: ToolCall
) -> None:
    """The tool has given its parts, and the model writes on, as the gate closes: the person gets nothing of it."""
    async with house(tools=await Heard().tools(), **settings) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), call)
        request = await home.model.asked(2)
        assert request.may_be_silent
        await home.log.publish(ANA, event, msg_id="")
        ended = await home.reads.seen(lambda one: "m1" in named_by(one.event))
        assert isinstance(ended.event, Ignored | Reply)
        assert (ended.event.reason if isinstance(ended.event, Ignored) else ended.event.cause) == reason
        assert home.reads.chat(ANA).turn is None
        said = [one.event for one in home.reads.events if isinstance(one.event, Reply | TurnFailed)]
        assert not [one for one in said if isinstance(one, TurnFailed) or one.author == "assistant"], what
