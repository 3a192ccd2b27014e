"""`recado up`, `recado serve` and `recado gateway`: commands that run until they are stopped."""

from __future__ import annotations

import sys

import click

from events.subjects import ChatKey
from recado import logs
from recado.cli.meant import found_account_option, meant
from recado.cli.options import ChatName, Number, Text, account_option, chat_argument, json_option
from recado.cli.session import run, settings, settings_of_instance
from recado.doctor.finding import Finding
from recado.printing import json_text, print_finding
from recado.settings.settings import Settings
from recado.settings.whatsapp import UNSET_ACCOUNT


@click.command()
@click.pass_context
def up(ctx: click.Context) -> None:
    """Run recado on this machine: a NATS server of its own, one instance, and the page on RECADO_PORT.

    Stop it with Ctrl-C; after the next start it goes on where it stopped. In a terminal it prints the page's address,
    warnings and errors; recado -v up prints every log line.
    """
    if not ctx.find_root().params.get("verbose"):
        logs.spare_a_terminal()
    from recado.wiring.instance import run_up  # noqa: PLC0415 - brings in the model's client and the web server, 1 s

    run(run_up(settings_of_instance()))


@click.command()
def serve() -> None:
    """Run one instance on the NATS server of NATS_URL, with the page on RECADO_PORT."""
    chosen = settings_of_instance()
    if not chosen.nats_url:
        raise click.ClickException("NATS_URL is not set: say which NATS server to use, or start one with recado up")
    from recado.wiring.instance import run_serve  # noqa: PLC0415 - brings in the model's client and the web server, 1 s

    run(run_serve(chosen))


@click.group()
def gateway() -> None:
    """Run a gateway between people and the log."""


@gateway.command()
@account_option
def cloud(account: str | None) -> None:
    """Connect a WhatsApp Business number by Meta's Cloud API: webhooks on RECADO_WEBHOOK_PORT, replies out.

    docs/whatsapp.md explains the setup at Meta and the source of each setting.
    """
    _refuse_simulated(account)
    from recado.wiring.cloud_gateway import run_cloud  # noqa: PLC0415 - brings in the web server and the HTTP client

    run(run_cloud(settings(), account))


@gateway.command()
@account_option
@click.option(
    "--phone", type=ChatName(), help="Link by a code, typed on the phone of this number, instead of a QR code."
)
def device(account: str | None, phone: str | None) -> None:
    """Link this machine to a personal WhatsApp number, as WhatsApp Web does: a QR code is shown at the first start.

    Best effort, at your own risk. WhatsApp does not allow it and may ban the number. A message may be lost if this
    process dies at the wrong moment, since it is acknowledged to WhatsApp before the log has it. A reply whose outcome
    was lost is parked, since WhatsApp does not tell whether it was sent. For a business take recado gateway cloud.

    Needs the extra recado[device]. See docs/device.md.
    """
    _refuse_simulated(account)
    from recado.doctor.device_extra import require  # noqa: PLC0415

    require()
    from recado.wiring.device_gateway import run_device  # noqa: PLC0415 - brings in neonize, which need not be there

    if phone is not None and not phone.endswith("@s.whatsapp.net"):
        raise click.BadParameter("write the phone's number with its country code (5511999999999)", param_hint="--phone")
    run(run_device(settings(), account, phone.partition("@")[0] if phone is not None else None))


@gateway.command()
@chat_argument
@account_option
@click.option("--name", type=Text(), help="The name that the person goes by.")
@click.option("--yes", is_flag=True, help="Also where the answers go to a real phone.")
def terminal(chat: str, account: str | None, name: str | None, yes: bool) -> None:
    """Chat as CHAT in this terminal: each line is a message. From a pipe: send every line and wait for the replies."""
    sys.exit(run(_terminal(settings(), chat, account, name, yes=yes)))


@gateway.command()
@chat_argument
@found_account_option
@click.option("--listen", is_flag=True, help="First wait for a message that you write from CHAT.")
@click.option("--timeout", type=Number(min=1), default=60.0, show_default=True, help="Seconds for each step.")
@json_option
def check(chat: str, account: str | None, listen: bool, timeout: float, as_json: bool) -> None:
    """Check a gateway of any make: send two short texts to CHAT, and judge the receipts that it writes.

    CHAT is a person who expects the texts: your own phone. With --account it may be new there. An instance must run.
    The exit status is 1 if the gateway breaks a rule of docs/gateways.md.
    """
    findings = run(_check(settings(), chat, account, listen=listen, timeout=timeout, quiet=as_json))
    if as_json:
        click.echo(json_text(findings))
    sys.exit(any(finding.state == "failure" for finding in findings))


async def _check(
    chosen: Settings, chat: str, account: str | None, *, listen: bool, timeout: float, quiet: bool
) -> list[Finding]:
    from recado.cli.log import open_log  # noqa: PLC0415
    from recado.doctor.gateway import check as check_gateway  # noqa: PLC0415

    findings = []
    async with open_log(chosen) as (log, _):
        key = ChatKey(account, chat) if account is not None else await meant(log, chosen, chat, None)
        if listen:
            click.echo("Write something from that phone now.", err=True)
        async for finding in check_gateway(log, key, listen=listen, patience=timeout):
            findings.append(finding)
            if not quiet:
                print_finding(finding)
    return findings


def _refuse_simulated(account: str | None) -> None:
    if account == UNSET_ACCOUNT:
        raise click.BadParameter(f"{account} is for simulated phones: name the number", param_hint="--account")


async def _terminal(chosen: Settings, chat: str, account: str | None, name: str | None, *, yes: bool) -> int:
    from gateways.local.terminal import ACCOUNT, run_terminal  # noqa: PLC0415 - `recado up` needs none of it
    from recado.cli.account_gateway import refuse_real  # noqa: PLC0415
    from recado.cli.log import open_log  # noqa: PLC0415
    from recado.private_data import close_to_others  # noqa: PLC0415

    close_to_others(chosen.data)
    async with open_log(chosen) as (log, bus):
        if not yes:
            await refuse_real(bus, chosen, ChatKey(account or ACCOUNT, chat))
        return await run_terminal(
            log,
            account or ACCOUNT,
            chat,
            name=name,
            stdin=sys.stdin,
            stdout=sys.stdout,
            data_dir=chosen.data,
        )
