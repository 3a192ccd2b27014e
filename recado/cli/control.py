"""`recado pause`, `resume`, `reset`, `send`, `retry`, `approve` and `block`: orders about one chat for its actor."""

from __future__ import annotations

import getpass
import re
import sys
from datetime import datetime
from secrets import token_hex
from typing import Any

import click

from events.decisions import Approved, Blocked, Decision, Ignored, Paused, Reply, Reset, Resumed, TurnStarted
from events.inbound import Command, Control
from gateways.say import NoAnswer, order
from recado.cli.known import queries
from recado.cli.log import open_log
from recado.cli.options import ChatName, Moment, Text, Until, account_option, chat_argument, key_of
from recado.cli.session import run, settings
from recado.printing import local

OBEYED_WITHIN = 5.0
"""Seconds for which a command waits for the decision about its order."""


@click.command()
@chat_argument
@account_option
@click.option("--until", type=Until(), help="For how long (30m, 8h, 2d) or until when (2026-12-24T18:00).")
def pause(chat: str, account: str | None, until: Moment | None) -> None:
    """Stop answering CHAT until it is resumed: waiting messages and later ones are ignored."""
    _order("pause", chat, account, until=until)


@click.command()
@chat_argument
@account_option
def resume(chat: str, account: str | None) -> None:
    """Answer CHAT again. Messages that came while it was paused stay unanswered."""
    _order("resume", chat, account)


@click.command()
@chat_argument
@account_option
def reset(chat: str, account: str | None) -> None:
    """Start a new conversation in CHAT: the model no longer sees the earlier messages."""
    _order("reset", chat, account)


@click.command()
@chat_argument
@click.argument("text", type=Text())
@account_option
def send(chat: str, text: str, account: str | None) -> None:
    """Write TEXT to the person of CHAT yourself. It answers the waiting messages, and the chat is left to you for
    RECADO_TAKEOVER."""
    _order("send", chat, account, text=text)


@click.command()
@chat_argument
@click.argument("messages", nargs=-1, metavar="[MESSAGE_ID]...")
@account_option
def retry(chat: str, messages: tuple[str, ...], account: str | None) -> None:
    """Answer the messages of CHAT again that ended in a failed turn; without ids, those of the last failed turn."""
    _order("retry", chat, account, messages=messages)


@click.command()
@click.argument("who", metavar="CHAT|CODE")
@account_option
def approve(who: str, account: str | None) -> None:
    """Let a person in whom RECADO_PAIRING keeps out, or who is blocked. CODE is the code that the person got."""
    if re.fullmatch("[0-9A-Za-z]{6}", who):
        with queries(settings()) as projection:
            found = projection.with_code(who, account)
        if found:
            _order("approve", found[0].chat, found[0].account)
            return
        if not who.isdigit():
            raise click.BadParameter(f"no waiting person has the code {who}: see recado chats", param_hint="CODE")
    _order("approve", ChatName().convert(who, None, None), account)


@click.command()
@chat_argument
@account_option
def block(chat: str, account: str | None) -> None:
    """Answer CHAT no more, silently, until `recado approve`."""
    _order("block", chat, account)


def _order(command: Command, chat: str, account: str | None, *, until: Moment | None = None, **fields: Any) -> None:
    """Give the order, with `fields` of Control, and print the decision."""
    try:
        decision = run(_give(command, chat, account, until, fields))
    except NoAnswer:
        click.echo("The order is stored. No instance has obeyed it yet; the next one to run will.", err=True)
        return
    if isinstance(decision, Ignored):
        click.echo(f"Not done: {decision.reason}", err=True)
        sys.exit(1)
    click.echo(_told(decision))


async def _give(
    command: Command, chat: str, account: str | None, until: Moment | None, fields: dict[str, Any]
) -> Decision:
    chosen = settings()
    async with open_log(chosen) as (log, _):
        end = until((await log.head()).now) if until is not None else None
        control = Control(id=token_hex(8), command=command, until=end, by=by_user(), **fields)
        return await order(log, key_of(chosen, chat, account), control, patience=OBEYED_WITHIN)


def _told(decision: Decision) -> str:
    match decision:
        case Paused(until=None):
            return "Paused until it is resumed."
        case Paused(until=datetime() as until):
            return f"Paused until {local(until)}."
        case Resumed():
            return "Resumed."
        case Approved():
            return "Approved: what is written from now on is answered."
        case Blocked():
            return "Blocked."
        case Reset():
            return "Reset: the next message starts a new conversation."
        case TurnStarted(messages=again):
            return f"Tried again: {len(again)} message{'s' * (len(again) != 1)}."
        case Reply(in_reply_to=ended):
            answers = f" It answers {len(ended)} waiting message{'s' * (len(ended) != 1)}." if ended else ""
            return f"Sent.{answers}"
        case _:
            return f"Done: {decision}"


def by_user() -> str:
    """The user who gives an order from the command line."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "cli:unknown"
