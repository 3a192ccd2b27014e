"""`recado erase`: removes everything of a chat, in every place that keeps some of it."""

from __future__ import annotations

import asyncio
import sys
from secrets import token_hex
from typing import Literal

import click
import msgspec

from events.decisions import Decision, Erased, Ignored
from events.inbound import Control
from events.log import EventLog
from events.subjects import ChatKey
from gateways.addressing import find_all
from gateways.say import NoAnswer, order
from projections.story.reasons import because
from recado.cli.control import by_user
from recado.cli.log import open_log
from recado.cli.meant import found_account_option, meant
from recado.cli.options import chat_argument, json_option
from recado.cli.session import run, settings
from recado.printing import json_text, one_line, person

REMOVED_WITHIN = 60.0
"""Seconds for which the command waits for the end of the erasure."""


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """An order to erase a chat, and its outcome.

    - `id`: the order's id.
    - `state`: `done`, `refused`, or `stored`: not carried out to the end yet.
    - `reason`: the reason of a refusal.
    - `events`, `objects`, `threads`: the numbers of things removed.
    - `left`: the threads that their provider did not delete.
    """

    account: str
    chat: str
    id: str
    state: Literal["done", "refused", "stored"]
    reason: str | None = None
    events: int = 0
    objects: int = 0
    threads: int = 0
    left: tuple[str, ...] = ()


@click.command()
@chat_argument
@found_account_option
@click.option("--all-accounts", is_flag=True, help="In every account that knows CHAT.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(chat: str, account: str | None, all_accounts: bool, yes: bool, as_json: bool) -> None:
    """Remove every byte of CHAT: from the log, the projections, the object store and the provider. A later
    message of the person begins a new chat.

    The exit status is 1 if there is nothing to remove, or something is left; 2 if it is not done in time. With
    --all-accounts --json prints a list, an item for each account.
    """
    if all_accounts and account is not None:
        raise click.UsageError("give --account or --all-accounts, not both")
    keys = run(_keys(chat, account, all_accounts=all_accounts))
    if not yes:
        where = f"account{'s' * (len(keys) > 1)} {', '.join(one_line(key.account) for key in keys)}"
        click.confirm(f"Erase everything of {chat} ({where})? It cannot be undone", abort=True, err=True)
    if sys.stderr.isatty():
        click.echo(f"Erasing; an instance removes everything, which may take up to {REMOVED_WITHIN:g} s …", err=True)
    removals = run(_remove(keys))
    if as_json:
        click.echo(json_text(removals if all_accounts else removals[0]))
    for removal in removals:
        _print(removal, as_json=as_json)
    states = {removal.state for removal in removals}
    if states & {"refused"} or any(removal.left for removal in removals):
        sys.exit(1)
    sys.exit(2 if "stored" in states else 0)


async def _keys(chat: str, account: str | None, *, all_accounts: bool) -> tuple[ChatKey, ...]:
    chosen = settings()
    async with open_log(chosen) as (log, _):
        if all_accounts:
            return await find_all(log, chat)
        return (await meant(log, chosen, chat, account),)


async def _remove(keys: tuple[ChatKey, ...]) -> list[Removal]:
    async with open_log(settings()) as (log, _):
        return list(await asyncio.gather(*(_give(log, key) for key in keys)))


async def _give(log: EventLog, key: ChatKey) -> Removal:
    def is_end(decision: Decision) -> bool:
        return not isinstance(decision, Erased) or decision.done

    control = Control(id=token_hex(8), command="erase", by=by_user())
    try:
        decision = await order(log, key, control, patience=REMOVED_WITHIN, ends=is_end)
    except NoAnswer:
        return Removal(account=key.account, chat=key.chat, id=control.id, state="stored")
    if not isinstance(decision, Erased):
        reason = decision.reason if isinstance(decision, Ignored) else str(decision)
        return Removal(account=key.account, chat=key.chat, id=control.id, state="refused", reason=reason)
    return Removal(
        account=key.account,
        chat=key.chat,
        id=control.id,
        state="done",
        events=decision.events,
        objects=decision.objects,
        threads=decision.threads,
        left=decision.left,
    )


def _print(removal: Removal, *, as_json: bool) -> None:
    account = one_line(removal.account)
    if removal.state == "stored":
        click.echo(
            f"The order is stored, and not carried out to the end yet in account {account}: an instance goes on with "
            "it, or the next one to run does.",
            err=True,
        )
    elif removal.state == "refused":
        click.echo(f"Not done in account {account}: {because(removal.reason)}", err=True)
    elif not as_json:
        counted = ((removal.events, "event"), (removal.objects, "file"), (removal.threads, "thread"))
        things = ", ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in counted)
        click.echo(f"Erased {person(removal.chat)} in account {account}: {things}.")
    for thread in removal.left:
        click.echo(f"Not deleted by its provider: {thread}", err=True)
