"""`recado erase`: removes everything of a chat, in every place that keeps some of it."""

from __future__ import annotations

import sys
from secrets import token_hex

import click

from events.decisions import Decision, Erased, Ignored
from events.inbound import Control
from events.subjects import ChatKey
from gateways.say import NoAnswer, order
from projections.story.reasons import because
from recado.cli.control import by_user
from recado.cli.log import open_log
from recado.cli.options import account_option, chat_argument, json_option, key_of
from recado.cli.session import run, settings
from recado.printing import json_text

REMOVED_WITHIN = 60.0
"""Seconds for which the command waits for the end of the erasure."""


@click.command()
@chat_argument
@account_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(chat: str, account: str | None, yes: bool, as_json: bool) -> None:
    """Remove every byte of CHAT: from the log, the projections, the object store and the provider. A later message of
    the person begins a new chat."""
    key = key_of(settings(), chat, account)
    if not yes:
        question = f"Erase everything of {key.chat} (account {key.account})? It cannot be undone"
        click.confirm(question, abort=True, err=True)
    try:
        decision = run(_give(key))
    except NoAnswer:
        click.echo(
            "The order is stored, and not carried out to the end yet: an instance goes on with it, or the next one to "
            "run does.",
            err=True,
        )
        sys.exit(2)
    if not isinstance(decision, Erased):
        why = because(decision.reason) if isinstance(decision, Ignored) else str(decision)
        click.echo(f"Not done: {why}", err=True)
        sys.exit(1)
    if as_json:
        fields = ("events", "objects", "threads", "left")
        click.echo(json_text({field: getattr(decision, field) for field in fields}))
    else:
        click.echo(_told(decision))
    for thread in decision.left:
        click.echo(f"Not deleted by its provider: {thread}", err=True)
    sys.exit(1 if decision.left else 0)


async def _give(key: ChatKey) -> Decision:
    def is_end(decision: Decision) -> bool:
        return not isinstance(decision, Erased) or decision.done

    async with open_log(settings()) as (log, _):
        control = Control(id=token_hex(8), command="erase", by=by_user())
        return await order(log, key, control, patience=REMOVED_WITHIN, ends=is_end)


def _told(erased: Erased) -> str:
    counted = ((erased.events, "event"), (erased.objects, "file"), (erased.threads, "thread"))
    return "Erased: " + ", ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in counted) + "."
