"""`recado assign`, `note`, `label`, `resolve`, `reopen`, `snooze` and `search`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from events.decisions import Attention, Decision, Ignored
from events.inbound import Control, Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.users import JetStreamUsers
from events.teamwork import Assigned, Labelled, Noted, Resolved
from tests.console.people import user
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, BIA, decide, decide_on


@pytest.fixture
async def known(on_bus: Command, jetstream_log: JetStreamLog) -> Command:
    await jetstream_log.publish(ANA, Message(id="m0", text="hello", name="Ana"), msg_id="m0")
    return on_bus


def obey(control: Control) -> list[Decision]:
    match control.command:
        case "assign":
            return [Assigned(to=control.to, at=AT, cause=control.id)]
        case "note":
            return [Noted(id=f"{control.id}.n", text=control.text or "", at=AT, cause=control.id)]
        case "label":
            return [Labelled(add=control.add, remove=control.remove, at=AT, cause=control.id)]
        case "snooze":
            return [Resolved(state="snoozed", until=control.until, at=AT, cause=control.id)]
        case "resolve":
            return [Resolved(state="resolved", at=AT, cause=control.id)]
        case _:
            return [Resolved(state="open", at=AT, cause=control.id)]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("assign", ANA.chat, "bea lima"), "bea lima has the chat."),
        (("assign", ANA.chat, "--nobody"), "No user has the chat."),
        (("note", ANA.chat, "pays on Friday"), "Noted. Users alone see it."),
        (("label", ANA.chat, "--add", "VIP", "--add", "new", "--remove", "old"), "The labels are changed."),
        (("resolve", "5511999990001"), "Resolved. A message of the person opens it again."),
        (("reopen", ANA.chat), "Open again."),
        (("snooze", ANA.chat, "2h"), "Put off until "),
    ],
)
async def test_an_order_is_obeyed_and_told(
    known: Command, jetstream_log: JetStreamLog, args: tuple[str, ...], told: str
) -> None:
    ordering = asyncio.create_task(known(*args))
    control = await decide_on(jetstream_log, Control, obey)
    done = await ordering
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(told)
    assert control.command == args[0]
    if control.command == "label":
        assert (control.add, control.remove) == (("VIP", "new"), ("old",))


async def test_programs_get_the_ids(known: Command, jetstream_log: JetStreamLog) -> None:
    ordering = asyncio.create_task(known("note", ANA.chat, "pays on Friday", "--json"))
    control = await decide_on(jetstream_log, Control, obey)
    document = (await ordering).document
    assert (document["state"], document["decision"], document["note"]) == ("done", "noted", f"{control.id}.n")


async def test_a_refusal_fails_with_its_reason(known: Command, jetstream_log: JetStreamLog) -> None:
    ordering = asyncio.create_task(known("label", ANA.chat, "--add", "one more"))
    refuse = "too_many_labels"
    await decide_on(jetstream_log, Control, lambda one: [Ignored(messages=(), reason=refuse, at=AT, cause=one.id)])
    done = await ordering
    assert (done.code, done.out) == (1, "")
    assert done.err == "Not done: a chat has at most 20 labels (too_many_labels)\n"


@pytest.mark.parametrize(
    "args",
    [
        ("assign", ANA.chat),
        ("assign", ANA.chat, "bea", "--nobody"),
        ("assign", ANA.chat, "a\nb"),
        ("note", ANA.chat, " "),
        ("note", ANA.chat, "x" * 4001),
        ("label", ANA.chat),
        ("label", ANA.chat, "--add", "a,b"),
        ("label", ANA.chat, "--remove", "x" * 41),
        ("snooze", ANA.chat),
        ("snooze", ANA.chat, "soon"),
    ],
)
async def test_what_means_nothing_is_no_order(
    known: Command, jetstream_log: JetStreamLog, args: tuple[str, ...]
) -> None:
    assert (await known(*args)).code == 2
    assert (await jetstream_log.head()).last == 1


async def test_an_unknown_chat_is_refused(known: Command, jetstream_log: JetStreamLog) -> None:
    """These orders begin no chat."""
    assert (await known("assign", "5521777777777", "bea")).code == 1
    assert (await jetstream_log.head()).last == 1


async def test_chats_are_filtered_and_found(known: Command, jetstream_log: JetStreamLog) -> None:
    """By user, label and state; the search finds chats by name and messages by words, as the page's does."""
    log = jetstream_log
    await log.publish(BIA, Message(id="m1", text="A cake, please", name="Bia"), msg_id="m1")
    await decide(log, Assigned(to="bea", at=AT), Labelled(add=("VIP", "new"), at=AT), key=BIA)
    await decide(log, Resolved(state="snoozed", until=AT + timedelta(days=36500), at=AT), key=BIA)
    await decide(log, Attention(id="a.h", text="wants a refund", by="model", at=AT), key=ANA)
    assert (await known("replay")).code == 0

    async def listed(*args: str) -> list[str]:
        return [chat["chat"] for chat in (await known("chats", "--json", *args)).document]

    assert await listed() == [BIA.chat, ANA.chat]
    assert await listed("--assigned", "bea") == await listed("--label", "vip") == [BIA.chat]
    assert await listed("--state", "snoozed") == [BIA.chat]
    assert await listed("--state", "open") == await listed("--only", "unassigned") == [ANA.chat]
    assert await listed("--only", "waiting", "--state", "resolved") == []
    shown = (await known("chats")).out
    assert "snoozed until 21" in shown
    assert "bea has it" in shown
    assert "#VIP" in shown
    found = (await known("search", "cake", "ple", "--json")).document
    assert ([one["chat"] for one in found["chats"]], [one["entry"]["id"] for one in found["messages"]]) == ([], ["m1"])
    assert [one["chat"] for one in (await known("search", "refund", "--json")).document["chats"]] == [ANA.chat]
    assert "A cake, please" in (await known("search", "CAKE")).out
    assert (await known("search", "nothing")).code == 1
    assert (await known("search", "cake", "--account", "shop")).code == 1


async def test_a_chat_goes_to_users_alone(known: Command, jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Only to a user who may answer in the account, if there are users."""
    book = await JetStreamUsers.open(bus, replicas=1)
    seq = await book.write(user("olga", role="owner"), expected=0)
    seq = await book.write(user("vera", role="viewer"), expected=seq)
    await book.write(user("far", accounts=("other",)), expected=seq)
    for name in ("nobody", "vera", "far"):
        done = await known("assign", ANA.chat, name)
        assert (done.code, done.out) == (1, "")
        assert done.err.endswith(f"the account {ANA.account}; there are: olga. Nothing was changed\n"), done.err
    assert (await jetstream_log.head()).last == 1
    ordering = asyncio.create_task(known("assign", ANA.chat, "Olga"))
    assert (await decide_on(jetstream_log, Control, obey)).to == "olga"
    assert (await ordering).out == "olga has the chat.\n"
    await book.close()
