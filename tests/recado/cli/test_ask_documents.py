"""`recado ask` looks up documents, as a chat does; `recado knowledge drafts` lists what they do not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.tools.look_up import NotSearchable
from events.decisions import Reply, TurnStarted
from events.inbound import Message
from events.jetstream.connection import Bus, BusUnreachable
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.jetstream.library import JetStreamLibrary
from events.jetstream.log import JetStreamLog
from events.knowledge import Document, Pair, Place
from events.subjects import ChatKey
from events.tool_calls import ToolCalled, ToolReturned
from recado.cli import looking_up
from recado.cli.looking_up import OpenedDocuments
from recado.settings.settings import load
from tests.chaos.test_documents import looks_up
from tests.conftest import LOG_BYTES
from tests.doubles.openai_server import API_KEY, OpenAIDouble
from tests.events.test_knowledge_log import AT
from tests.recado.command import Command

ANA = ChatKey("local", "5511999990001@s.whatsapp.net")
FAQ = Place("shop", "faq")


@pytest.fixture
async def stored(on_bus: Command, bus: Bus) -> AsyncIterator[JetStreamKnowledgeLog]:
    await (await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)).close()
    found = await JetStreamKnowledgeLog.open(bus)
    freight = Document(name="faq", faq=(Pair("How much is the freight?", "It is R$ 15."),), at=AT, by="ana")
    await found.write(FAQ, freight, expected=0)
    yield found
    await found.close()


def asking(double: OpenAIDouble, mode: str) -> dict[str, str]:
    return {
        "OPENAI_API_MODE": "chat",
        "OPENAI_API_KEY": API_KEY,
        "OPENAI_BASE_URL": double.base_url,
        "RECADO_KNOWLEDGE": "shop",
        "RECADO_KNOWLEDGE_MODE": mode,
    }


@pytest.mark.parametrize("mode", ["tool", "front"])
async def test_a_question_is_answered_from_documents(on_bus: Command, stored: object, mode: str) -> None:
    """With --json, the passages are named."""
    async with OpenAIDouble(speaks=looks_up) as double:
        done = await on_bus("ask", "how much is the freight?", "--json", **asking(double, mode))
    assert done.code == 0, done.err
    assert "R$ 15" in done.document["text"]
    (passage,) = done.document["passages"]
    assert (passage["document"], passage["seq"], passage["chunk"]) == ("shop/faq", 1, 0)


async def test_documents_that_cannot_be_reached(recado: Command) -> None:
    """The model is told so, and the reason is on stderr."""
    async with OpenAIDouble(speaks=looks_up) as double:
        done = await recado("ask", "how much is the freight?", "--json", **asking(double, "tool"))
        assert done.code == 0, done.err
        said = double.requests[-1].body["messages"][-1]["content"]
    assert "cannot be searched at the moment" in said
    assert "documents_not_searched" in done.err
    assert "passages" not in done.document


async def test_documents_are_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a bus that is away, then the second look-up of the same question does not wait for it again."""
    tried: list[str] = []

    @asynccontextmanager
    async def away() -> AsyncIterator[Any]:
        tried.append("opened")
        raise BusUnreachable("nats://bus", "it is away")
        yield

    monkeypatch.setattr(looking_up, "opened", away)
    async with AsyncExitStack() as stack:
        documents = OpenedDocuments(load({}), stack)
        with pytest.raises(NotSearchable, match="no NATS server"):
            await documents.contents(["shop"])
        with pytest.raises(NotSearchable, match="no NATS server"):
            await documents.look_up(["shop"], "freight")
    assert tried == ["opened"]


async def test_drafts_in_the_terminal(
    on_bus: Command, stored: JetStreamKnowledgeLog, jetstream_log: JetStreamLog, tmp_path: Path
) -> None:
    """Masked, without those that a pair answers."""
    for number, text in enumerate(("Ligue 11 98888-7777: tem wifi?", "How much is your freight?")):
        id_, turn = f"m{number}", f"t{number}"
        await jetstream_log.publish(ANA, Message(id=id_, text=text), msg_id=id_)
        for step, decision in enumerate((
            TurnStarted(turn=turn, messages=(id_,), backend="chat", at=AT),
            ToolCalled(turn=turn, call="c", name="look_up", arguments="{}", at=AT),
            ToolReturned(turn=turn, call="c", output="Nothing.", at=AT),
            Reply(
                id=f"{turn}.r", turn=turn, chat=ANA.chat, account=ANA.account, text="?", in_reply_to=(id_,),
                author="assistant", at=AT,
            ),
        )):  # fmt: skip
            last = await jetstream_log.last_decision(ANA)
            await jetstream_log.append(ANA, decision, expected=last.seq if last else 0, msg_id=f"{id_}:{step}")
    assert (await on_bus("replay")).code == 0
    done = await on_bus("knowledge", "drafts", "--json")
    assert done.code == 0, done.err
    (draft,) = done.document
    assert (draft["question"], draft["count"], draft["why"]) == ("Ligue […]: tem wifi?", 1, {"nothing_found": 1})
    shown = await on_bus("knowledge", "drafts")
    assert "Ligue […]: tem wifi?" in shown.out
