"""`recado up`, `recado serve` and `recado gateway`: what runs until it is stopped."""

from __future__ import annotations

import sys

import click

from recado.cli.options import Text, account_option, chat_argument
from recado.cli.session import run, settings
from recado.settings import Settings


@click.command()
def up() -> None:
    """Run recado on this machine: a NATS server of its own, one instance, and the page on RECADO_PORT.

    Stop it with Ctrl-C; start it again and it goes on where it was.
    """
    from recado.wiring import run_up  # noqa: PLC0415 - brings in the model's client and the web server, 1 s

    run(run_up(settings()))


@click.command()
def serve() -> None:
    """Run one instance on the NATS server of NATS_URL, with the page on RECADO_PORT."""
    chosen = settings()
    if not chosen.nats_url:
        raise click.ClickException("NATS_URL is not set: say which NATS server to use, or start one with recado up")
    from recado.wiring import run_serve  # noqa: PLC0415 - brings in the model's client and the web server, 1 s

    run(run_serve(chosen))


@click.group()
def gateway() -> None:
    """Run a gateway between people and the log."""


@gateway.command()
@account_option
def cloud(account: str | None) -> None:
    """Connect a WhatsApp Business number by Meta's Cloud API: webhooks on RECADO_WEBHOOK_PORT, replies out.

    docs/gateways.md says what Meta needs, and where each setting is to be had.
    """
    from recado.cloud import run_cloud  # noqa: PLC0415 - brings in the web server and the HTTP client

    run(run_cloud(settings(), account))


@gateway.command()
@chat_argument
@account_option
@click.option("--name", type=Text(), help="The name that the person goes by.")
def terminal(chat: str, account: str | None, name: str | None) -> None:
    """Chat as CHAT in this terminal: each line is a message. From a pipe: send every line and wait for the replies."""
    sys.exit(run(_terminal(settings(), chat, account, name)))


async def _terminal(chosen: Settings, chat: str, account: str | None, name: str | None) -> int:
    from gateways.terminal import ACCOUNT, run_terminal  # noqa: PLC0415 - `recado up` needs none of it
    from recado.cli.log import open_log  # noqa: PLC0415

    async with open_log(chosen) as (log, _):
        return await run_terminal(
            log,
            account or ACCOUNT,
            chat,
            name=name,
            stdin=sys.stdin,
            stdout=sys.stdout,
            data_dir=chosen.data,
        )
