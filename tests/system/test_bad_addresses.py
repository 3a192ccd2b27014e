"""A subject names the chat: what names none, or another than the body, is ended and kept, never answered."""

from __future__ import annotations

import asyncio
import json
from secrets import token_hex

import nats.errors
import pytest

from events.subjects import ChatKey, untoken
from tests.system.service import Service, fresh_chat

NO_CHATS = [
    "hello",
    "@s.whatsapp.net",
    "5511999999999@",
    "5511999999999@@s.whatsapp.net",
    "5511999999999@s.whatsapp.net@s.whatsapp.net",
    "+5511999999999@s.whatsapp.net",
    "55 11 99999@s.whatsapp.net",
    "ana@s.whatsapp.net",
    "5511999999999@S.WHATSAPP.NET",
    "5511999999999@whatsapp.com",
    "123456789012345678901@s.whatsapp.net",
    "٣٣٣٣٣٣٣٣@s.whatsapp.net",
    "5511999999999-@g.us",
    "status@broadcast",
    "120363000000000000@newsletter",
    "-@bsuid",
    "x" * 200,
    "5511999999999@s.whatsapp.net\x00",
    "../../data@g.us",
]


@pytest.mark.parametrize("jid", NO_CHATS)
async def test_a_subject_that_names_no_chat(service: Service, jid: str) -> None:
    """Every malformed form of a JID: ignored, and a dead letter. A form that is certain leads to the person's chat."""
    key = ChatKey("local", jid)
    seq = await service.outsider.write(key, "m1")
    assert await service.ignored(key, f"seq:{seq}") == "malformed_chat"
    assert (await service.dead_letter(seq))[1] == "malformed_chat"
    await service.still_answers(fresh_chat())


@pytest.mark.parametrize("chat", ["=ZZ", "=", "a=4", "5511=2e", "=FF=FE", "ü", "55*11", "5511=40s"])
async def test_a_token_that_encodes_no_chat(service: Service, chat: str) -> None:
    """Any bytes of a subject come back as one chat, the same at every start."""
    try:
        answer = await service.outsider.bus.request(f"wa.in.local.{chat}", b'{"id": "m1", "text": "hello"}', timeout=30)
    except nats.errors.Error:
        # A client library or the server refuses such a subject: then nothing was stored.
        assert chat == "55*11"
        return
    seq = json.loads(answer.data)["seq"]
    assert await service.ignored(ChatKey("local", untoken(chat)), f"seq:{seq}") == "malformed_chat"
    await service.still_answers(fresh_chat())


@pytest.mark.parametrize(
    ("account", "chat"),
    [("local", "x" * 4050), ("local", "=zz" * 1300), ("x" * 4000, "5511999999999=40s=2Ewhatsapp=2Enet")],
)
async def test_a_subject_as_long_as_a_server_takes(service: Service, account: str, chat: str) -> None:
    """Its decisions go to a short subject: a line that is too long for the server ends the connection for good."""
    key = ChatKey(untoken(account), untoken(chat))
    await service.outsider.bus.publish(f"wa.in.{account}.{chat}", b'{"id": "m1", "text": "hello"}')
    seq = (await service.log.seen("in", key=key)).seq
    assert await service.ignored(key, f"seq:{seq}") == "malformed_chat"
    assert (await service.dead_letter(seq))[1] == "malformed_chat"
    assert (await service.why(f"seq:{seq}"))["entry"]["reason"] == "malformed_chat"
    shown = await service.recado.run("chats", "--json")
    assert shown.code == 0, shown
    await service.still_answers(fresh_chat())


async def test_a_body_that_names_another_chat(service: Service) -> None:
    """The subject decides; a body that says otherwise is a dead letter, in the subject's chat."""
    key, other = fresh_chat(), fresh_chat()
    seq = await service.outsider.write(key, "m1", chat=other.chat)
    assert await service.ignored(key, f"seq:{seq}") == "other_chat"
    body, reason = await service.dead_letter(seq)
    assert (json.loads(body)["chat"], reason) == (other.chat, "other_chat")
    assert service.of(other) == []
    await service.still_answers(key)


async def test_a_body_that_names_its_own_chat(service: Service) -> None:
    """Saying it twice is fine."""
    key = fresh_chat()
    await service.outsider.write(key, "m1", "hello", chat=key.chat)
    assert (await service.log.ended(key, "m1")).event.text == "echo: hello"


async def test_an_account_with_any_name(service: Service) -> None:
    """An instance answers every account in the log, under any name."""
    for account in ("+55 11 4000-0000", "loja.sp", "店", "=", "A" * 100):
        key = ChatKey(account, fresh_chat().chat)
        await service.outsider.write(key, "m1", "hello")
        ending = await service.log.ended(key, "m1")
        assert (ending.event.account, ending.event.text) == (account, "echo: hello")


@pytest.mark.parametrize(
    "subject", ["wa.in.local", "wa.in.local.5511.s", "wa.gossip.local.5511", "evt.1.local.5511.i.in"]
)
async def test_a_subject_that_no_stream_takes(service: Service, subject: str) -> None:
    """It is not acknowledged, so its sender knows that it was not taken; the inner subjects cannot be forged."""
    with pytest.raises(nats.errors.NoRespondersError):
        await service.outsider.store(subject, b'{"id": "m1", "text": "hello"}')
    await service.still_answers(fresh_chat())


async def test_a_body_over_the_limit_of_the_server(service: Service) -> None:
    """The server ends the connection of a client that insists (a client library refuses before), and no other one."""
    with pytest.raises(nats.errors.MaxPayloadError):
        await service.outsider.write(fresh_chat(), "m1", "x" * 1024 * 1024)
    reader, writer = await asyncio.open_connection("127.0.0.1", service.server.port)
    size = 2 * 1024 * 1024
    writer.write(b'CONNECT {"verbose":false}\r\n')
    writer.write(b"PUB wa.in.local.5511 %d\r\n" % size)
    said = await reader.read()
    assert b"Maximum Payload Violation" in said
    writer.close()
    await service.still_answers(fresh_chat())


@pytest.mark.parametrize("chat", ["5511", "hello", "5511999999999@whatsapp.com", "a@b@c", "status@broadcast", " ", ""])
async def test_commands_say_what_is_wrong_with_a_chat(service: Service, chat: str) -> None:
    """The command fails and names the given chat; nothing is stored."""
    text = f"hello {token_hex(6)}"
    said = await service.recado.run("say", chat, text)
    assert said.code == 2
    assert "is not the JID of a chat" in said.err
    assert "Traceback" not in said.err
    await service.still_answers(fresh_chat())
    assert [recorded for recorded in service.log.events if text in str(recorded.event)] == []
