"""`recado dead-letters`: lists, shows and retries items that could not be read, sent or handled."""

from __future__ import annotations

import base64
from typing import Any

import click
import structlog

from chat.context import readable
from events.jetstream.dead_letters import DeadLetter, stored_letter, stored_letters
from recado.cli.log import open_log
from recado.cli.options import Account, json_option
from recado.cli.session import run, settings
from recado.printing import json_text, local, one_line, person, print_table
from recado.settings.numbers import numbers_of
from recado.transfer.dead_letters import Retried
from recado.transfer.dead_letters import retry as try_again

_REASON_WIDTH = 60

log = structlog.get_logger("recado.dead_letters")


@click.group("dead-letters", invoke_without_command=True)
@click.option("--account", type=Account(), help="Only this business number's or device's.")
@json_option
@click.pass_context
def dead_letters(ctx: click.Context, account: str | None, as_json: bool) -> None:
    """List dead letters, the oldest first: items that could not be read or sent, or that made recado fail.

    `show ID` prints one whole, `retry ID` stores its event once more.
    """
    if ctx.invoked_subcommand is not None:
        return
    found = run(_all(account))
    if as_json:
        click.echo(json_text([_line_of(letter) for letter in found]))
        return
    print_table(
        ("ID", "KEPT", "ACCOUNT", "CHAT", "EVENT", "BYTES", "REASON"),
        [
            (
                letter.id,
                local(letter.at),
                letter.account,
                person(letter.chat) if letter.chat else "-",
                letter.seq or "-",
                len(letter.body),
                one_line(letter.reason)[:_REASON_WIDTH],
            )
            for letter in found
        ],
    )


@dead_letters.command()
@click.argument("id_", metavar="ID", type=click.IntRange(1, 2**53))
@json_option
def show(id_: int, as_json: bool) -> None:
    """Show the dead letter ID whole: where it is from, why it was kept, and its bytes."""
    letter = run(_one(id_))
    text = _text(letter.body)
    if as_json:
        body = {"body": text} if text is not None else {"body_base64": base64.b64encode(letter.body).decode()}
        click.echo(json_text(_line_of(letter) | body))
        return
    told = {
        "dead letter": letter.id,
        "kept": local(letter.at),
        "account": letter.account,
        "chat": person(letter.chat) if letter.chat else "unknown",
        "event": letter.seq or "none of the log",
        "reason": letter.reason,
        "name": letter.msg_id,
        "bytes": len(letter.body),
    }
    for name, value in told.items():
        click.echo(f"{name:<12} {one_line(str(value))}")
    click.echo()
    click.echo(readable(letter.body.decode("utf-8", "backslashreplace")))


@dead_letters.command()
@click.argument("id_", metavar="ID", type=click.IntRange(1, 2**53))
@json_option
def retry(id_: int, as_json: bool) -> None:
    """Store the event of the dead letter ID once more, under a new id, after you mended what it broke on.

    A message counts as sent now. The event is read from the log, not from the letter. A
    message that came for a number of WHATSAPP_NUMBERS before it was there is stored as it came.
    """
    done = run(_retry(id_))
    if as_json:
        click.echo(json_text(done))
        return
    click.echo(
        f"Stored again as {one_line(done.id)}, event {done.seq} of the log in the chat {person(done.chat)}. What comes "
        f"of it is up to the instances: recado why {one_line(done.id)}"
    )


async def _all(account: str | None) -> list[DeadLetter]:
    async with open_log(settings()) as (_, bus):
        return [letter async for letter in stored_letters(bus, account)]


async def _one(id_: int) -> DeadLetter:
    async with open_log(settings()) as (_, bus):
        return _found(id_, await stored_letter(bus, id_))


async def _retry(id_: int) -> Retried:
    chosen = settings()
    async with open_log(chosen) as (events, bus):
        done = await try_again(events, _found(id_, await stored_letter(bus, id_)), numbers_of(chosen))
    log.info("dead_letter_retried", letter=id_, seq=done.seq, type=done.type)
    return done


def _found(id_: int, letter: DeadLetter | None) -> DeadLetter:
    if letter is None:
        raise click.ClickException(f"there is no dead letter {id_}: recado dead-letters lists them")
    return letter


def _line_of(letter: DeadLetter) -> dict[str, Any]:
    fields = {name: getattr(letter, name) for name in letter.__struct_fields__ if name != "body"}
    return fields | {"size": len(letter.body)}


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
