"""`recado why`: the story of one id."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime

import click

from projections.views import ControlView, Entry, ReceiptView, TurnView, Why, reading_of
from recado.cli.options import Text, json_option
from recado.cli.printing import json_text, local, one_line, person
from recado.cli.reading import queries
from recado.cli.session import settings

_BECAUSE = {
    "from_me": "the business itself sent it",
    "empty": "there is no text in it",
    "unsupported_kind": "this kind of message is not answered",
    "budget": "the chat had used up RECADO_MAX_TOKENS_PER_CHAT_PER_DAY",
    "stale": "it was older than RECADO_STALE_AFTER",
    "restored": "it was open in the backup from which the log was put back, and may have been answered since",
    "paused": "the chat was paused",
    "malformed_chat": "its subject names no chat",
    "other_chat": "its body names another chat than its subject",
    "unreadable": "its bytes, or those of its file, cannot be read",
    "too_large": "its file is too large",
    "unsupported": "files of its kind are not opened",
    "not_fetched": "its file did not arrive",
    "newer_version": "a newer recado wrote it",
    "nothing_to_retry": "no failed turn has these messages",
    "not_supported": "this recado cannot do that yet",
}

Line = tuple[datetime | None, str]


@click.command()
@click.argument("message_id", type=Text())
@json_option
def why(message_id: str, as_json: bool) -> None:
    """Tell what became of a message, a reply or an order, and why. The exit status is 1 if nobody knows the id."""
    with queries(settings()) as projection:
        found = projection.why(message_id)
        checkpoint = projection.counts().checkpoint
    if as_json:
        click.echo(json_text(found))
    elif not found:
        click.echo(
            f"Up to sequence {checkpoint} of the log there is no message, reply or order {message_id}.", err=True
        )
    else:
        for known in found:
            click.echo(f"{known.what} {message_id} in the chat {person(known.chat)}, account {known.account}")
            for at, line in _story(known):
                click.echo(f"  {local(at)}  {line}")
    sys.exit(not found)


def _story(known: Why) -> Iterator[Line]:
    if known.control is not None:
        yield from _control(known.control)
    if known.entry is not None and known.what == "message":
        yield from _message(known, known.entry)
    elif known.entry is not None:
        yield from _reply(known.entry, known.turn)
    for receipt in known.receipts:
        yield receipt.at, _step(receipt)


def _message(known: Why, entry: Entry) -> Iterator[Line]:
    if entry.sent_at is not None and entry.sent_at != entry.at:
        yield entry.sent_at, "sent"
    text = f'"{one_line(entry.text)}"' if entry.text is not None else f"({entry.detail or entry.kind})"
    yield entry.at, f"came in from {entry.name or person(entry.sender or 'nobody')}, sequence {entry.seq}: {text}"
    heard = reading_of(entry)
    if heard is not None:
        by = f" by {heard.model}" if heard.model else ""
        because = f": {_because(heard.reason)}, {heard.detail}" if heard.reason else ""
        words = f': "{one_line(heard.text)}"' if heard.text else ""
        yield heard.at, f"its file was read as {heard.form}{by}{because}{words}"
    for turn in (*known.former_turns, *([known.turn] if known.turn is not None else ())):
        yield from _turn(turn, known.together_with)
    if entry.ending is None:
        yield None, "open: it has no ending yet"
    elif entry.ending == "ignored":
        yield entry.ended_at, f"ignored, sequence {entry.ended_seq}: {_because(entry.reason)}"
    if known.reply is not None:
        yield from _reply(known.reply, None)
    if known.apology is not None:
        yield (
            known.apology.at,
            f'the person was told, sequence {known.apology.seq}: "{one_line(known.apology.text or "")}"',
        )
    if entry.repeats:
        yield (
            entry.repeat_at,
            f"came again, {entry.repeats} times in all, last at sequence {entry.repeat_seq}: counted only",
        )


def _turn(turn: TurnView, together_with: tuple[str, ...]) -> Iterator[Line]:
    others = f", together with {', '.join(together_with)}" if together_with else ""
    yield turn.at, f"turn {turn.id} started with {turn.backend}, sequence {turn.seq}{others}"
    if turn.adoptions:
        yield turn.adopted_at, f"adopted {turn.adoptions} times, last by {turn.by}"
    if turn.run is not None and turn.attempt:
        yield None, f"run {turn.run}, attempt {turn.attempt}"
    if turn.state == "failed":
        yield turn.ended_at, f"the turn failed, sequence {turn.ended_seq}: {turn.error}: {turn.detail}"


def _reply(reply: Entry, turn: TurnView | None) -> Iterator[Line]:
    if turn is not None:
        yield from _turn(turn, ())
    by = f"{reply.author}, {reply.model}" if reply.model else reply.author
    yield reply.at, f'reply {reply.id} by {by}, sequence {reply.seq}: "{one_line(reply.text or "")}"'


def _step(receipt: ReceiptView) -> str:
    tried = "not sent, it is tried again" if receipt.state == "sending" and receipt.error is not None else receipt.state
    part = f", part {receipt.part} of {receipt.parts}" if receipt.parts else ""
    template = f", the template {receipt.template} in its stead" if receipt.template else ""
    owed = f"; the template {receipt.instead} goes out in its stead" if receipt.instead else ""
    return f"{tried}{part}{template}{_detail(receipt.error)}{owed}"


def _control(control: ControlView) -> Iterator[Line]:
    until = f" until {local(control.until)}" if control.until else ""
    yield control.at, f"ordered by {control.by or 'nobody'}, sequence {control.seq}: {control.command}{until}"
    if control.outcome is None:
        yield None, "open: no instance has obeyed it yet"
    else:
        because = f": {_because(control.reason)}" if control.reason else ""
        yield control.outcome_at, f"{control.outcome}, sequence {control.outcome_seq}{because}"


def _because(reason: str | None) -> str:
    return f"{reason} ({_BECAUSE[reason]})" if reason in _BECAUSE else str(reason)


def _detail(error: object) -> str:
    return f": {one_line(json_text(error))}" if error is not None else ""
