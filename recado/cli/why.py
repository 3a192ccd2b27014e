"""`recado why`: the story of one id."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
import structlog

from actors.leases.bucket import LeasesUnavailable
from actors.leases.roster import look
from events.jetstream.connection import Bus, BusRefused, BusUnreachable, BusUntrusted
from events.log import LogError
from projections.reads.views import Why
from projections.story.log_facts import facts_of
from projections.story.step import Step
from projections.story.story import story
from recado.cli.known import meant_here, queries
from recado.cli.log import open_log
from recado.cli.options import ChatName, Text, json_option
from recado.cli.session import run, settings
from recado.printing import json_text, local, one_line, person
from recado.settings.settings import Settings
from recado.wiring.connect import NotRunning

_DETAIL_WIDTH = 300

_WITHOUT_THE_BUS = (NotRunning, BusUnreachable, BusRefused, BusUntrusted, LogError)

log = structlog.get_logger("recado.why")

Told = list[tuple[Why, list[Step]]]


@click.command()
@click.argument("id_", metavar="[ID]", type=Text(), required=False)
@click.option("--chat", type=ChatName(), help="Only in this chat: a phone number with its country code, or a JID.")
@click.option("--account", help="Only this business number's or device's.")
@json_option
def why(id_: str | None, chat: str | None, account: str | None, as_json: bool) -> None:
    """Tell the story of a message, a reply, an order, a turn or a run: each step, with its reason.

    Without an ID it is the last message, in any chat or in that of --chat. Tools, files and takeovers come from the
    log: without the bus the rest is told. The exit status is 1 if the id is unknown.
    """
    chosen = settings()
    with queries(chosen) as projection:
        if chat is not None:
            account, chat = meant_here(projection, chat, account)
        found = projection.why_last(account, chat) if id_ is None else projection.why(id_, account, chat)
        checkpoint = projection.checkpoint()
    told = run(_told(chosen, found)) if found else []
    if as_json:
        documents = [{**_document(known), "steps": steps} for known, steps in told]
        click.echo(json_text(documents))
    elif not told:
        what = f"message, reply, order, turn or run {id_}" if id_ is not None else "message"
        click.echo(f"Up to sequence {checkpoint} of the log there is no {what}.", err=True)
    else:
        for known, steps in told:
            _print(known, steps)
    sys.exit(not told)


async def _told(chosen: Settings, found: tuple[Why, ...]) -> Told:
    try:
        async with open_log(chosen) as (events, bus):
            now = (await events.head()).now
            owners = await _owners(bus)
            return [(known, story(known, now, await facts_of(events, known), owners)) for known in found]
    except _WITHOUT_THE_BUS as error:
        log.warning("told_without_the_log", reason=str(error))
        now = datetime.now(UTC)
        return [(known, story(known, now)) for known in found]


async def _owners(bus: Bus) -> dict[int, str] | None:
    """The instance of each partition that has one; None if the bus does not say."""
    try:
        there = [one for one in await look(bus) if one.state != "gone"]
    except LeasesUnavailable as error:
        log.warning("owners_unknown", reason=str(error))
        return None
    return {number: one.instance for one in there for number in one.partitions}


def _document(known: Why) -> dict[str, object]:
    return {name: value for name in known.__struct_fields__ if (value := getattr(known, name)) not in (None, ())}


def _print(known: Why, steps: list[Step]) -> None:
    click.echo(f"{known.what} {_id(known)} in the chat {person(known.chat)}, account {known.account}")
    for step in steps:
        until = f" until {local(step.until)}" if step.until else ""
        detail = f": {_quoted(step)}" if step.detail else ""
        if step.kind == "now":
            click.echo(f"  {'now':<19}  {step.what}{until}")
        else:
            click.echo(f"  {local(step.at):<19}  {step.what}{until}{detail}")


def _id(known: Why) -> str:
    named = known.entry or known.control or known.turn
    return named.id if named is not None else "?"


def _quoted(step: Step) -> str:
    text = one_line(step.detail or "")
    text = text if len(text) <= _DETAIL_WIDTH else text[: _DETAIL_WIDTH - 1] + "…"
    return f'"{text}"' if step.kind in ("received", "edited", "reply", "told", "file", "attention", "order") else text
