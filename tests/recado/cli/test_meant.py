"""Every command that takes a chat acts on the one that is meant, or refuses and writes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import recado.cli
import recado.cli.control
import recado.cli.erasing
import recado.doctor.gateway
from events.inbound import Control, Message
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey
from recado.cli.options import ChatName
from tests.nats_server import NatsServer
from tests.recado.instance import reply

ONE, TWO, NONE = "5511999990001", "5511999990002", "5511999990009"
SHOP = ChatKey("1055501234", f"{ONE}@s.whatsapp.net")

ORDERS = {
    "pause": ("pause", "{}"),
    "resume": ("resume", "{}"),
    "reset": ("reset", "{}"),
    "send": ("send", "{}", "It is Ana."),
    "retry": ("retry", "{}"),
    "approve": ("approve", "{}"),
    "block": ("block", "{}"),
    "assign": ("assign", "{}", "ana"),
    "note": ("note", "{}", "calls back"),
    "label": ("label", "{}", "--add", "vip"),
    "resolve": ("resolve", "{}"),
    "reopen": ("reopen", "{}"),
    "snooze": ("snooze", "{}", "2h"),
    "erase": ("erase", "{}", "--yes"),
    "gateway check": ("gateway", "check", "{}", "--timeout", "1"),
}
BEGINNING = ("pause", "send", "approve", "block")
READING = {
    "history": ("history", "{}"),
    "usage": ("usage", "--chat", "{}"),
    "why": ("why", "--chat", "{}"),
    "events": ("events", "--chat", "{}"),
    "whatif": ("whatif", "--since", "1h", "--chat", "{}"),
}
OF_THE_PHONES = {"say", "gateway terminal"}
"""Simulated phones: they stay in RECADO_ACCOUNT."""
NO_CHAT_OF_OURS = {"gateway device"}
"""`--phone` is the number that is linked."""
BEFORE_THE_CHAT = {"profile use"}
"""A profile may be for a chat that has not begun: see test_profile."""

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def run(
    tmp_path: Path, nats_server: NatsServer, jetstream_log: JetStreamLog, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`recado` in this process, on a log in which one chat is in one account and another one in two."""
    for key in (SHOP, *(ChatKey(account, f"{TWO}@s.whatsapp.net") for account in ("1055501234", "device"))):
        await jetstream_log.publish(key, Message(id="m1", text="hello from there"), msg_id="")
        await jetstream_log.append(key, reply("m1", key=key), expected=0, msg_id=f"test:{key}")
    monkeypatch.setattr(recado.cli.control, "OBEYED_WITHIN", 0.1)
    monkeypatch.setattr(recado.cli.erasing, "REMOVED_WITHIN", 0.1)
    monkeypatch.setattr(recado.doctor.gateway, "OBEYED_WITHIN", 0.1)
    monkeypatch.chdir(tmp_path)
    for name in ("RECADO_ACCOUNT", "WHATSAPP_PHONE_NUMBER_ID"):
        monkeypatch.delenv(name, raising=False)
    env = {"NATS_URL": nats_server.url, "RECADO_DATA": str(tmp_path / "data"), "OPENAI_API_MODE": "scripted"}

    async def run(*args: str, **more: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, recado.cli.main, args, env=env | more)

    assert (await run("replay")).exit_code == 0
    return run


def about(args: tuple[str, ...], chat: str) -> list[str]:
    return [arg.format(chat) for arg in args]


async def controls(log: JetStreamLog) -> list[tuple[ChatKey, str]]:
    """(chat, command) of every order in the log."""
    found: list[tuple[ChatKey, str]] = []
    head = (await log.head()).last
    async for batch in log.tail(0):
        found += [(one.key, one.event.command) for one in batch if isinstance(one.event, Control)]
        if batch[-1].seq >= head:
            break
    return found


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield (path + name, command)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")


def test_every_command_that_takes_a_chat_is_tried_here() -> None:
    """A new one has to be put into one of the tables above."""
    taking = {
        name
        for name, command in commands(recado.cli.main)
        for option in command.params
        if isinstance(option.type, ChatName) or "CHAT" in (option.metavar or "")
    }
    assert taking == {*ORDERS, *READING} | OF_THE_PHONES | NO_CHAT_OF_OURS | BEFORE_THE_CHAT


@pytest.mark.parametrize("command", ORDERS)
async def test_orders(run: Run, jetstream_log: JetStreamLog, command: str) -> None:
    """Known in one account: that one, without --account. In several, in none, or in another one: refused, exit 1."""
    before = (await jetstream_log.head()).last
    for chat, more, said in (
        (TWO, (), ("known in 2 accounts", "1055501234 (1 message, 1 reply)", "device (1 message, 1 reply)")),
        (NONE, (), ("nothing is known of 5511999990009 in any account",)),
        (ONE, ("--account", "local"), ("in account local, but in account 1055501234 (1 message, 1 reply)",)),
    ):
        if command == "gateway check" and more:
            continue  # --account is what lets it begin a chat
        done = await run(*about(ORDERS[command], chat), *more)
        assert done.exit_code == 1, done.output
        for words in said:
            assert words in done.stderr
    assert (await jetstream_log.head()).last == before
    await run(*about(ORDERS[command], ONE))
    await run(*about(ORDERS[command], TWO), "--account", "device")
    assert [key for key, _ in await controls(jetstream_log)] == [SHOP, ChatKey("device", f"{TWO}@s.whatsapp.net")]


@pytest.mark.parametrize("command", BEGINNING)
async def test_a_chat_may_begin_where_that_is_said(run: Run, jetstream_log: JetStreamLog, command: str) -> None:
    """Without --new the account is named in which it would begin; with it, too."""
    refused = await run(*about(ORDERS[command], NONE))
    assert "To begin the chat in account local, add --new" in refused.stderr
    done = await run(*about(ORDERS[command], NONE), "--new", WHATSAPP_PHONE_NUMBER_ID="1055501234")
    assert done.exit_code == 0
    assert "The chat begins in account 1055501234." in done.stderr
    assert await controls(jetstream_log) == [(ChatKey("1055501234", f"{NONE}@s.whatsapp.net"), command)]


@pytest.mark.parametrize("command", READING)
async def test_reading(run: Run, command: str) -> None:
    """As for orders: what is shown is of the chat that is meant."""
    done = await run(*about(READING[command], ONE))
    assert done.exit_code == 0, done.output
    assert "hello" in done.output or command == "usage"
    for args, said in (
        (about(READING[command], TWO), "known in 2 accounts"),
        (about(READING[command], NONE), "nothing is known of 5511999990009 in any account"),
        ([*about(READING[command], ONE), "--account", "local"], "but in account 1055501234 (1 message, 1 reply)"),
    ):
        refused = await run(*args)
        assert refused.exit_code == 1, refused.output
        assert said in refused.stderr
    assert (await run(*about(READING[command], TWO), "--account", "device")).exit_code == 0


async def test_threads_go_to_the_chat_that_is_meant(run: Run, jetstream_log: JetStreamLog, tmp_path: Path) -> None:
    """A chat that is not known is taken over with --new alone; one in several accounts is skipped, by name."""
    (tmp_path / "map.json").write_text(json.dumps({TWO: "conv_2", NONE: "conv_9", ONE: "thread_1"}))
    before = (await jetstream_log.head()).last
    asked = ("import-threads", "map.json", "--json")
    done = await run(*asked, OPENAI_API_MODE="responses", OPENAI_API_KEY="sk-1")
    assert done.exit_code == 1
    assert [(row["result"], row["account"]) for row in json.loads(done.stdout)] == [
        ("skipped", None), ("skipped", None), ("reseeded", "1055501234")
    ]  # fmt: skip
    assert (await jetstream_log.head()).last == before
    done = await run(*asked, "--new", "--account", "device", OPENAI_API_MODE="responses", OPENAI_API_KEY="sk-1")
    assert [row["result"] for row in json.loads(done.stdout)] == ["skipped", "kept", "fresh"]
    kept = await jetstream_log.last_decision(ChatKey("device", f"{NONE}@s.whatsapp.net"))
    assert kept is not None
    assert kept.type == "thread_created"


async def test_a_chat_in_several_accounts_is_erased_everywhere(run: Run, jetstream_log: JetStreamLog) -> None:
    """`--all-accounts`: an order in each; what is erased is named by account (see test_erasing)."""
    done = await run("erase", TWO, "--all-accounts", "--yes", "--json")
    assert done.exit_code == 2
    removals = json.loads(done.stdout)
    assert [(one["account"], one["state"]) for one in removals] == [("1055501234", "stored"), ("device", "stored")]
    orders = {key.account for key, command in await controls(jetstream_log) if command == "erase"}
    assert orders == {"1055501234", "device"}
