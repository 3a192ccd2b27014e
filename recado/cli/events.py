"""`recado events`: prints the log as it is now, and as it grows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import click
import msgspec

from events.decisions import DECISIONS
from events.inbound import INBOUND
from events.log import EventLog
from events.recorded import Recorded
from events.subjects import account_filter, chat_filter
from gateways.addressing import ChatUnknown
from recado.cli.log import open_log
from recado.cli.meant import found_account_option, meant
from recado.cli.options import ChatName
from recado.cli.session import run, settings
from recado.printing import json_text, local, one_line, person
from recado.settings.settings import Settings
from recado.wiring.connect import last_of

_SAID_BY_THE_LINE = frozenset({"at", "account", "chat"})


@click.command()
@click.option("--chat", type=ChatName(), help="Only this chat's: a phone number with its country code, or a JID.")
@click.option("--type", "type_", type=click.Choice([*INBOUND, *DECISIONS]), metavar="TYPE", help="Only of this type.")
@found_account_option
@click.option("--follow", is_flag=True, help="Go on with what happens from now on, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document; with --follow, one on each line.")
def events(chat: str | None, type_: str | None, account: str | None, follow: bool, as_json: bool) -> None:
    """Show the log in its order: sequence, time, chat, inbound event (>) or decision (<), and its fields.

    Without --chat and --account every account is shown. The exit status is 1 if nothing is known of the chat.
    """
    run(_show(settings(), chat, account, type_, follow=follow, as_json=as_json))


async def _subject(log: EventLog, chosen: Settings, chat: str | None, account: str | None, type_: str | None) -> str:
    if chat is not None:
        subject = chat_filter(await meant(log, chosen, chat, account, erased=True))
    else:
        subject = account_filter(account) if account is not None else "evt.*.*.*.*.*"
    return subject.removesuffix("*") + (type_ or "*")


async def _show(
    chosen: Settings, chat: str | None, account: str | None, type_: str | None, *, follow: bool, as_json: bool
) -> None:
    async with open_log(chosen) as (log, bus):
        try:
            subject = await _subject(log, chosen, chat, account, type_)
        except ChatUnknown:
            if as_json:
                click.echo("[]")
            raise
        shown = _recorded(log, subject, None if follow else await last_of(bus, subject))
        async with aclosing(shown):
            if as_json and not follow:
                await _print_document(shown)
                return
            async for recorded in shown:
                click.echo(json_text(_document(recorded)) if as_json else _line(recorded))


async def _recorded(log: EventLog, subject: str, last: int | None) -> AsyncGenerator[Recorded, None]:
    """The events of `subject` up to sequence `last`; None: without an end."""
    if last == 0:
        return
    async with aclosing(log.tail(0, subject)) as tail:
        async for batch in tail:
            for recorded in batch:
                if last is None or recorded.seq <= last:
                    yield recorded
            if last is not None and batch[-1].seq >= last:
                return


async def _print_document(shown: AsyncIterator[Recorded]) -> None:
    """One JSON array, printed as it comes: a log may be larger than the memory."""
    between = "["
    async for recorded in shown:
        click.echo(between + json_text(_document(recorded)), nl=False)
        between = ",\n"
    click.echo("]" if between != "[" else "[]")


def _document(recorded: Recorded) -> dict[str, Any]:
    return {
        "seq": recorded.seq,
        "at": recorded.at,
        "account": recorded.key.account,
        "chat": recorded.key.chat,
        "side": recorded.side,
        "type": recorded.type,
        "msg_id": recorded.msg_id,
        "payload": recorded.event,
    }


def _line(recorded: Recorded) -> str:
    arrow = ">" if recorded.side == "i" else "<"
    chat = person(recorded.key.chat)
    return f"{recorded.seq:>7}  {local(recorded.at)}  {chat}  {arrow} {recorded.type:<15}{_fields(recorded.event)}"


def _fields(event: msgspec.Struct) -> str:
    """The event's fields that differ from their defaults, the text first."""
    told: list[str] = []
    for field in msgspec.structs.fields(event):
        value = getattr(event, field.name)
        if field.name == "text" and value:
            told.insert(0, f'"{one_line(value)}"')
        elif field.name not in _SAID_BY_THE_LINE and value not in (None, (), field.default):
            told.append(f"{field.encode_name}={_shown(value)}")
    return " ".join(told)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, tuple):
        return ",".join(_shown(one) for one in value)
    return json_text(value)
