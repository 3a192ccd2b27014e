"""`recado search`: finds chats and messages by words, as the search of the desk does."""

from __future__ import annotations

import click

from projections.reads.chat_list import Asked
from recado.cli.known import queries
from recado.cli.options import Account, Text, json_option
from recado.cli.reading import NEVER, line_of, short
from recado.cli.session import settings
from recado.printing import json_text, local, person, print_table

SHOWN = 50
"""Chats, and messages and replies, that are printed."""


@click.command()
@click.argument("words", type=Text(), nargs=-1, required=True, metavar="WORDS...")
@click.option("--account", type=Account(), help="Only this business number's or device's.")
@json_option
def search(words: tuple[str, ...], account: str | None, as_json: bool) -> None:
    """Find the chats whose number, name or request for a human has all WORDS, and the messages and replies that have
    them, the newest first. Case and accents make no difference, and the last word may be the beginning of one.

    The exit status is 1 if nothing is found.
    """
    text = " ".join(words)
    with queries(settings()) as projection:
        page = projection.page(Asked(words=text, account=account), NEVER, SHOWN)
        hits = projection.found(text, SHOWN, account=account)
    if as_json:
        click.echo(json_text({"chats": page.chats, "messages": hits.hits}))
    else:
        if page.chats:
            rows = [(person(one.chat), one.name or "", one.account, local(one.last_at)) for one in page.chats]
            print_table(("CHAT", "NAME", "ACCOUNT", "LAST"), rows)
        if hits.hits:
            click.echo("" if page.chats else None, nl=bool(page.chats))
            found = [(person(hit.chat), hit.account, short(line_of(hit.entry)), hit.entry.id) for hit in hits.hits]
            print_table(("CHAT", "ACCOUNT", "TEXT", "ID"), found)
        if page.all > SHOWN or hits.more:
            click.echo(f"There are more than these {SHOWN}: add a word.", err=True)
    if not page.chats and not hits.hits:
        if not as_json:
            click.echo("Nothing is found.", err=True)
        raise SystemExit(1)
