"""`recado import-threads`: takes over the threads of another bot."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from pathlib import Path

import click
import msgspec

from recado.cli.log import open_log
from recado.cli.options import account_option, json_option
from recado.cli.session import run, settings
from recado.transfer.thread_file import Row, read
from recado.transfer.thread_import import Imported, take_over


@click.command("import-threads")
@click.argument("file", type=click.Path(path_type=Path))
@account_option
@json_option
def import_threads(file: Path, account: str | None, as_json: bool) -> None:
    """Take over the threads of FILE: JSON or CSV from phone number or JID to thread id, or a Python shelve.

    A thread that the current OPENAI_API_MODE can go on with is kept. The other chats get a new one with their next
    message: reseeded from the conversation in recado's log, or fresh if the log has none. The same file may be
    imported again.
    """
    results = run(_import(read(file), account))
    if as_json:
        click.echo(msgspec.json.encode(results))
        return
    for result in results:
        click.echo(f"{result.chat:<32} {result.thread:<40} {result.result}" + (f": {result.why}" if result.why else ""))
    counts = Counter(result.result for result in results)
    told = (f"{counts[name]} {name}" for name in ("kept", "reseeded", "fresh", "skipped"))
    click.echo(", ".join(told), err=True)


async def _import(rows: list[Row], account: str | None) -> list[Imported]:
    chosen = settings()
    async with open_log(chosen) as (log, _):
        importing = take_over(log, account or chosen.account, chosen.openai_api_mode, rows)
        async with aclosing(importing) as results:
            return [result async for result in results]
