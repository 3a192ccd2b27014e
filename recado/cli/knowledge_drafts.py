"""`recado knowledge drafts`: what people asked and the documents did not answer."""

from __future__ import annotations

from collections.abc import Sequence

import click

from events.settled import Settled
from projections.drafts.drafts import Draft
from recado.cli.knowledge_open import opened
from recado.cli.known import queries
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.printing import json_text, local, one_line, print_table

_WIDTH = 60


@click.command()
@json_option
def drafts(as_json: bool) -> None:
    """List questions that the documents did not answer, the most frequent first.

    Numbers, names and addresses of people are left out. Accept a draft, or dismiss it, on the desk. It reads the
    projection of this machine.
    """
    with queries(settings()) as projection:
        found = projection.drafts(*run(_known()))
    if as_json:
        click.echo(json_text([_shown(one) for one in found.there]))
        return
    if not found.there:
        click.echo("None.", err=True)
        return
    rows = [
        (one.count, one.people, local(one.last), _short(one.question), _short(one.answer) or "-") for one in found.there
    ]
    print_table(("ASKED", "CHATS", "LAST", "QUESTION", "ANSWER BY A HUMAN"), rows)
    if found.left_out:
        click.echo(f"{found.left_out} rarer ones are left out.", err=True)


async def _known() -> tuple[list[str], Sequence[Settled]]:
    """The questions that have an answer, and the drafts that are settled."""
    async with opened() as there:
        stock = await there.stored.look()
        return [pair.q for version in stock.there() for pair in version.document.faq], await there.stored.settled()


def _shown(one: Draft) -> dict[str, object]:
    names = ("seq", "question", "answer", "count", "people", "first", "last", "why", "wordings")
    return {name: getattr(one, name) for name in names}


def _short(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
