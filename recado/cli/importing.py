"""`recado import-threads`: takes over the threads of another bot."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import aclosing
from pathlib import Path

import click
import msgspec

from recado.cli.log import open_log
from recado.cli.meant import beginning_in, found_account_option, new_chat_option
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.settings.settings import Settings
from recado.transfer.thread_file import Row, read
from recado.transfer.thread_import import Imported, take_over


@click.command("import-threads")
@click.argument("file", type=click.Path(path_type=Path))
@found_account_option
@new_chat_option
@json_option
def import_threads(file: Path, account: str | None, new: bool, as_json: bool) -> None:
    """Take over the threads of FILE: JSON or CSV from phone number or JID to thread id, or a Python shelve.

    A thread that the current OPENAI_API_MODE can go on with is kept. The other chats get a new one with their next
    message: reseeded with what recado's log has of the conversation, or fresh, if it has nothing of it. The same file
    may be imported again. A chat that recado does not know is taken over with --new alone.

    The exit status is 1 if a chat was skipped because no account, or more than one, knows it.
    """
    chosen, rows = settings(), read(file)
    results = run(_import(chosen, rows, account, new=new))
    unknown = sum(result.account is None and row.fault is None for result, row in zip(results, rows, strict=True))
    if as_json:
        click.echo(msgspec.json.encode(results))
        sys.exit(unknown > 0)
    for result in results:
        click.echo(f"{result.chat:<32} {result.thread:<40} {result.result}" + (f": {result.why}" if result.why else ""))
    counts = Counter(result.result for result in results)
    told = (f"{counts[name]} {name}" for name in ("kept", "reseeded", "fresh", "skipped"))
    click.echo(", ".join(told), err=True)
    if unknown and not new:
        click.echo(
            f"To begin the chats that are not known in account {beginning_in(chosen, account)}, add --new", err=True
        )
    sys.exit(unknown > 0)


async def _import(chosen: Settings, rows: list[Row], account: str | None, *, new: bool) -> list[Imported]:
    where, searches = beginning_in(chosen, account), account is None
    async with open_log(chosen) as (log, _):
        importing = take_over(log, where, chosen.openai_api_mode, rows, searches=searches, begins=new)
        async with aclosing(importing) as results:
            return [result async for result in results]
