"""`recado pause`, `resume`, `reset`, `send`, `retry`, `approve` and `block`: orders about one chat for its actor."""

from __future__ import annotations

import getpass
import re
import sys
from secrets import token_hex
from typing import Any

import click
import msgspec

from actors.leases.bucket import LeasesUnavailable
from actors.leases.roster import older_than
from actors.tools.results import Sendable
from events.codec import INFORMS
from events.decisions import Decision, Reply
from events.inbound import Command, Control
from events.jetstream.connection import Bus
from events.parts import Option, Part
from events.subjects import ChatKey
from gateways.addressing import with_code
from gateways.say import NoAnswer, order
from recado.cli.assignee import check_assigned
from recado.cli.log import open_log
from recado.cli.meant import found_account_option, meant, new_chat_option
from recado.cli.options import (
    ChatName,
    MessageId,
    Moment,
    Number,
    Until,
    chat_argument,
    json_option,
    optional_text_argument,
)
from recado.cli.outcome import Outcome, delivery_of, outcome_of, sentence
from recado.cli.parts import (
    choice_option,
    choices_option,
    document_option,
    file_option,
    image_option,
    location_option,
    looked_up,
    parts_of,
)
from recado.cli.session import run, settings
from recado.cli.template_options import (
    Filling,
    Pair,
    button_option,
    checked,
    filling_of,
    header_option,
    set_option,
    template_option,
)
from recado.printing import json_text, person

OBEYED_WITHIN = 5.0
"""Seconds for which a command waits for the decision about its order."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is given on the command line.

    - `chat`, `account`: the chat, and the account if one is named.
    - `new`: the chat may begin; None: this command begins none.
    - `until`: the end of a pause, from the bus's time.
    - `erased`: a chat of which nothing but its erasure is left counts as known.
    - `wait`: seconds to wait until a reply is sent.
    - `fields`: fields of the Control.
    - `sent`: more than words to send; files are looked up once the account is known.
    - `filling`: a template to send, which is checked then.
    """

    command: Command
    chat: str
    account: str | None
    new: bool | None = None
    until: Moment | None = None
    erased: bool = True
    wait: float = 0
    fields: dict[str, Any] = {}
    sent: tuple[Sendable, ...] = ()
    filling: Filling | None = None


@click.command()
@chat_argument
@found_account_option
@new_chat_option
@click.option("--until", type=Until(), help="For how long (30m, 8h, 2d) or until when (2026-12-24T18:00).")
@json_option
def pause(chat: str, account: str | None, new: bool, until: Moment | None, as_json: bool) -> None:
    """Stop answering CHAT until it is resumed: waiting messages and later ones are ignored."""
    give_order(Given(command="pause", chat=chat, account=account, new=new, until=until), as_json)


@click.command()
@chat_argument
@found_account_option
@json_option
def resume(chat: str, account: str | None, as_json: bool) -> None:
    """Answer CHAT again. Messages that came while it was paused stay unanswered."""
    give_order(Given(command="resume", chat=chat, account=account), as_json)


@click.command()
@chat_argument
@found_account_option
@json_option
def reset(chat: str, account: str | None, as_json: bool) -> None:
    """Start a new conversation in CHAT: the model no longer sees the earlier messages."""
    give_order(Given(command="reset", chat=chat, account=account), as_json)


@click.command()
@chat_argument
@optional_text_argument
@choices_option
@choice_option
@location_option
@image_option
@document_option
@file_option
@template_option
@set_option
@header_option
@button_option
@click.option("--quote", type=MessageId(), metavar="MESSAGE_ID", help="Quote this message of the person.")
@click.option(
    "--no-takeover",
    is_flag=True,
    help="The assistant says it: no message counts as answered, and the chat is not left to you. Refused where the "
    "person wants no word, or a human has the chat.",
)
@found_account_option
@new_chat_option
@click.option(
    "--wait",
    type=Number(0),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait until it is sent for as long as this.",
)
@json_option
def send(
    *,
    chat: str,
    text: str | None,
    question: str | None,
    options: tuple[Option, ...],
    place: Part | None,
    image: str | None,
    document: str | None,
    name: str | None,
    ref: str | None,
    variables: tuple[Pair, ...],
    header: str | None,
    buttons: tuple[Pair, ...],
    quote: str | None,
    no_takeover: bool,
    account: str | None,
    new: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Write TEXT to the person of CHAT yourself, or send a picture, a file, a place or choices, which TEXT follows. It
    answers the waiting messages, and the chat is left to you for RECADO_TAKEOVER, unless --no-takeover is given.

    A --template goes alone, also first or after 24 hours. Its values are checked against Meta's own form of it before
    anything is written; `recado template list` shows what each takes.

    It counts as sent once a gateway says so; until then it is stored. The exit status is 1 if it cannot be sent.
    """
    sent = parts_of(question, options, place, image=image, document=document, name=name)
    filling = filling_of(ref, variables, header, buttons)
    if filling is not None and (text is not None or sent):
        raise click.UsageError("--template goes alone: after 24 hours WhatsApp takes nothing beside it")
    if text is None and not sent and filling is None:
        raise click.UsageError(
            "there is nothing to send: give a TEXT, or one of --choices, --location, --image, --document, --file, "
            "--template"
        )
    given = Given(
        command="send",
        chat=chat,
        account=account,
        new=new,
        wait=wait,
        fields={"text": text, "quote": quote, "takeover": not no_takeover},
        sent=sent,
        filling=filling,
    )
    give_order(given, as_json)


@click.command()
@chat_argument
@click.argument("messages", nargs=-1, metavar="[MESSAGE_ID]...")
@found_account_option
@json_option
def retry(chat: str, messages: tuple[str, ...], account: str | None, as_json: bool) -> None:
    """Answer the messages of CHAT again that ended in a failed turn; without ids, those of the last failed turn."""
    give_order(Given(command="retry", chat=chat, account=account, fields={"messages": messages}), as_json)


@click.command()
@click.argument("who", metavar="CHAT|CODE")
@found_account_option
@new_chat_option
@json_option
def approve(who: str, account: str | None, new: bool, as_json: bool) -> None:
    """Let a person in whom RECADO_PAIRING keeps out, or who is blocked. CODE is the code that the person got."""
    given = Given(command="approve", chat="", account=account, new=new)
    if re.fullmatch("[0-9A-Za-z]{6}", who):
        found = run(_with_code(who, account))
        if len(found) > 1:
            chats = ", ".join(f"{person(key.chat)} in account {key.account}" for key in found)
            raise click.BadParameter(f"{len(found)} people were told this code: name the chat ({chats})")
        if found:
            give_order(msgspec.structs.replace(given, chat=found[0].chat, account=found[0].account), as_json)
            return
        if not who.isdigit():
            hint = "recado chats shows the codes; a person can be approved by number too"
            raise click.BadParameter(f"no person who waits for approval has the code {who}: {hint}", param_hint="CODE")
    give_order(msgspec.structs.replace(given, chat=ChatName().convert(who, None, None)), as_json)


@click.command()
@chat_argument
@found_account_option
@new_chat_option
@json_option
def block(chat: str, account: str | None, new: bool, as_json: bool) -> None:
    """Answer CHAT no more, without a word, until `recado approve`."""
    give_order(Given(command="block", chat=chat, account=account, new=new), as_json)


async def _with_code(code: str, account: str | None) -> tuple[ChatKey, ...]:
    async with open_log(settings()) as (log, _):
        return await with_code(log, code, account)


def give_order(given: Given, as_json: bool) -> None:
    """Give the order and print its outcome. Ends the process with 1 if it is refused, or its reply is not sent."""
    outcome, decision = run(_give(given))
    if as_json:
        click.echo(json_text(outcome))
    else:
        click.echo(sentence(outcome, decision), err=outcome.failed or decision is None)
    if outcome.failed:
        sys.exit(1)


async def _give(given: Given) -> tuple[Outcome, Decision | None]:
    chosen = settings()
    async with open_log(chosen) as (log, bus):
        head = await log.head()
        end = given.until(head.now) if given.until is not None else None
        key = await meant(log, chosen, given.chat, given.account, new=given.new, erased=given.erased)
        if not given.fields.get("takeover", True):
            await _refuse_older(bus)
        fields = given.fields
        if fields.get("to"):
            await check_assigned(bus, fields["to"], key.account)
        if given.sent:
            fields = fields | {"parts": await looked_up(given.sent, bus, key.account)}
        if given.filling is not None:
            fields = fields | {"parts": (await checked(chosen, bus, key.account, given.filling),)}
        control = Control(id=token_hex(8), command=given.command, until=end, by=by_user(), **fields)
        try:
            decision = await order(log, key, control, patience=OBEYED_WITHIN)
        except NoAnswer:
            return outcome_of(key, control, None), None
        delivery = None
        if isinstance(decision, Reply):
            delivery = await delivery_of(log, bus, key, decision.id, after=head.last, patience=given.wait)
        return outcome_of(key, control, decision, delivery), decision


async def _refuse_older(bus: Bus) -> None:
    """Raises ClickException if an instance runs that would take the chat over, LogUnavailable."""
    try:
        older = await older_than(bus, INFORMS)
    except LeasesUnavailable:  # no instance has ever run
        return
    if older:
        raise click.ClickException(
            f"these instances are of an older version, and would take the chat over: {', '.join(older)}. Update them "
            "first, or send without --no-takeover. Nothing was sent (older_instance)"
        )


def by_user() -> str:
    """The user who gives an order from the command line."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "cli:unknown"
