"""Tools are not called, files are not read, and a failure of one turn is shown."""

from __future__ import annotations

import asyncio
from typing import Any

from actors.handoff import TOOL
from actors.tools.built_in import BuiltIn
from actors.tools.protocol import NoTools, ToolResult
from actors.tools.services import ServiceTools
from actors.tools.shelf import Shelf
from actors.tools.toolbox import Toolbox
from backends.protocol import Answer, ReplyFailed, ReplyRequest, Tool, ToolCall, ToolsWanted
from events.decisions import Attention, Reply, TurnFailed
from events.inbound import Media, Message
from events.memory_library import MemoryLibrary
from events.subjects import ChatKey
from recado.whatif.recorded import NOT_MADE
from tests.recado.whatif.real_chat import lived
from tests.recado.whatif.replaying import Asked, replay
from tests.recado.whatif.test_grouping import text

ORDER = Tool(name="order", description="", parameters={"type": "object"})


class Shop(NoTools):
    """Counts what is really ordered."""

    def __init__(self, *offered: Tool) -> None:
        self.orders: list[str] = []
        self._offered = offered

    async def offered(self, account: str) -> tuple[Tool, ...]:
        return self._offered

    async def call(self, key: ChatKey, name: str, arguments: str) -> ToolResult:
        self.orders.append(arguments)
        return ToolResult(f"order {len(self.orders)}")


def test_a_call_that_was_made_then_gives_what_it_gave() -> None:
    """The same name and the same arguments, however they are written."""
    shop = Shop(ORDER)
    log = lived([(5, text("a", text='call order {"n": 1, "m": 2}'))], backend=Asked(), tools=shop)
    assert shop.orders == ['{"n": 1, "m": 2}']

    class Otherwise(Asked):
        async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
            outcome = await super().reply(request)
            if isinstance(outcome, ToolsWanted):
                call = outcome.calls[0]
                return ToolsWanted((type(call)(id=call.id, name=call.name, arguments='{"m":2,"n":1}'),), outcome.usage)
            return outcome

    _, ((result,),) = replay(log, Otherwise(), tools=shop)
    assert isinstance(result.ending, Reply)
    assert result.ending.text.endswith("| order 1")
    assert [call.is_known for call in result.calls] == [True]
    assert len(shop.orders) == 1, "the shop was not asked again"
    assert result.usage.input_tokens == 30, "both requests count"


def test_any_other_call_is_not_made() -> None:
    """The model is told so, and so is the reader."""
    shop = Shop(ORDER)
    log = lived([(5, text("a", text='call order {"n": 1}'))])
    _, ((result,),) = replay(log, Asked(), tools=shop)
    assert isinstance(result.ending, Reply)
    assert result.ending.text.endswith(f"| {NOT_MADE}")
    assert [call.is_known for call in result.calls] == [False]
    assert shop.orders == []


def test_a_model_may_ask_for_a_human() -> None:
    """That is an ending too; no human is called."""
    log = lived([(5, text("a", text='call handoff {"reason": "they are upset"}'))])
    _, ((result,),) = replay(log, Asked(), tools=Shop(TOOL))
    assert isinstance(result.ending, Attention)
    assert result.ending.text == "they are upset"


def test_a_turn_in_which_a_human_was_asked_then_is_answered_now() -> None:
    """What was said after it is left to the human, as it was."""
    log = lived([(5, text("a")), (30, text("b"))], [(1.0, "handoff")])
    _, ((result,),) = replay(log, Asked())
    assert isinstance(result.ending, Reply)
    assert result.ending.text == "now: text a"


def test_a_voice_note_says_what_was_heard_then() -> None:
    """It is not paid for again."""

    class Heard:
        async def settle(self, kind: str, media: Media, patience: float, key: ChatKey) -> Any:
            from actors.media_files import Settled

            return Settled("text", text="two loaves please", model="whisper")

        async def read(self, name: str) -> bytes | None:
            return None

    note = Message(id="v", kind="audio", media=Media(object="voice-1", mime="audio/ogg", voice=True))
    model = Asked()
    replay(lived([(5, note)], files=Heard()), model)
    assert model.shown == [([], ["[voice message] two loaves please"])]


def test_a_failed_turn_is_shown_and_the_others_go_on() -> None:
    """A defect is, too."""

    class Failing(Asked):
        async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
            if request.messages[0].text == "text a":
                raise ReplyFailed("refused", "no")
            if request.messages[0].text == "text b":
                raise RuntimeError("a defect")
            return await super().reply(request)

    _, (results,) = replay(lived([(5, text("a")), (30, text("b")), (30, text("c"))]), Failing())
    failed, broken, answered = results
    assert isinstance(failed.ending, TurnFailed)
    assert failed.ending.error.class_ == "refused"
    assert (broken.ending, broken.note) == (None, "RuntimeError: a defect")
    assert isinstance(answered.ending, Reply)


def test_nothing_is_written_to_the_log() -> None:
    """Its last sequence is unchanged."""
    log = lived([(5, text("a")), (30, text("b"))])
    before = asyncio.run(log.head()).last
    replay(log, Asked(), go_on=True)
    assert asyncio.run(log.head()).last == before


def test_parts_are_shown_by_their_reading() -> None:
    """A question that was asked then comes from the log; another is asked by the tool itself, which sends nothing."""
    nowhere: Any = None
    tools = Toolbox({}, ServiceTools(nowhere), built_in=BuiltIn(("ask_choice",), Shelf(MemoryLibrary())))
    size = 'call ask_choice {"question": "Which size?", "options": ["Small", "Large"]}'
    log = lived([(5, text("a", text=size))], backend=Asked(), tools=tools)
    _, ((result,),) = replay(log, Asked(), tools=tools)
    assert isinstance(result.ending, Reply)
    assert result.ending.text == "Which size?\n\n1. Small\n2. Large"
    assert [call.is_known for call in result.calls] == [True]

    class Otherwise(Asked):
        async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
            outcome = await super().reply(request)
            assert isinstance(outcome, ToolsWanted)
            given = '{"question": "Sliced?", "options": ["Yes", "No"]}'
            return ToolsWanted((ToolCall(id="c0", name="ask_choice", arguments=given),), outcome.usage)

    _, ((result,),) = replay(log, Otherwise(), tools=tools)
    assert isinstance(result.ending, Reply)
    assert result.ending.text == "Sliced?\n\n1. Yes\n2. No"
