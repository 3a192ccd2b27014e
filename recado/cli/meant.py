"""The chat that a command means by CHAT and --account."""

from __future__ import annotations

import click

from events.log import EventLog
from events.subjects import ChatKey
from gateways.addressing import ChatUnknown, find
from recado.cli.options import Account
from recado.settings.numbers import accounts_of
from recado.settings.settings import Settings
from recado.settings.whatsapp import UNSET_ACCOUNT

found_account_option = click.option(
    "--account", type=Account(), help="The business number or device  [default: the only one that knows CHAT]"
)
new_chat_option = click.option("--new", is_flag=True, help="Begin the chat if it is not known.")


async def meant(
    log: EventLog,
    settings: Settings,
    chat: str,
    account: str | None,
    *,
    new: bool | None = None,
    erased: bool = False,
) -> ChatKey:
    """The chat in the account that knows it, as the log on the bus says.

    - `erased`: an erased chat counts too.
    - `new`: the chat may begin: in `account`, in RECADO_ACCOUNT, or in that of the WhatsApp number of the settings.
      None: the command begins none.

    Raises ClickException, ChatAmbiguous, LogUnavailable.
    """
    try:
        return await find(log, chat, account, erased=erased)
    except ChatUnknown as unknown:
        if new is None:
            raise
        where = beginning_in(settings, account)
        begins = ChatKey(where, (await log.canonical_names(chat)).get(where, chat))
        if not new:
            hint = f"To begin the chat in account {begins.account}, add --new"
            raise click.ClickException(f"{unknown}. {hint}") from unknown
    click.echo(f"The chat begins in account {begins.account}.", err=True)
    return begins


def beginning_in(settings: Settings, account: str | None) -> str:
    """The account in which a new chat begins: `account`, RECADO_ACCOUNT, or that of the only number. Raises
    ClickException where there are several."""
    if account is not None or settings.account != UNSET_ACCOUNT:
        return account or settings.account
    accounts = accounts_of(settings)
    if len(accounts) > 1:
        raise click.ClickException(f"say in which account the chat begins, with --account: {', '.join(accounts)}")
    return accounts[0] if accounts else settings.account
