"""`recado user`: who logs in to the page, in which role, and to see which accounts."""

from __future__ import annotations

import sys
from datetime import datetime
from secrets import token_hex
from typing import BinaryIO

import click
import msgspec

from console.passwords import fault_of
from events.users import LONGEST_PASSWORD, RESERVED, ROLES, Role, Stored, StoredUser, name_of
from recado.cli.options import Account, json_option
from recado.cli.session import run
from recado.cli.user_changes import added, changed, check_accounts, check_owners, look, removed, with_password
from recado.printing import json_text, local, one_line, print_table


class UserName(click.ParamType[str]):
    """A user's name; becomes the name in small letters."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = name_of(value)
        if found is None:
            can = "use letters a to z without accents, digits, and . _ @ + -, at most 64"
            self.fail(f"{value[:80]!r}: {can}", param, ctx)
        return found


class UserView(msgspec.Struct, frozen=True):
    """A user.

    - `accounts`: those that they see; None: all.
    - `password`: whether they have one.
    - `at`, `by`: the last change.
    """

    name: str
    role: Role
    accounts: tuple[str, ...] | None
    password: bool
    at: datetime
    by: str


_name_argument = click.argument("name", type=UserName())
_role_option = click.option("--role", type=click.Choice(ROLES), help="What they may do.")
_accounts_option = click.option(
    "--account", "accounts", type=Account(), multiple=True, help="An account that they see; may be repeated."
)
_yes_option = click.option("--yes", is_flag=True, help="Also where no owner is left.")
_file_option = click.option(
    "--password-file",
    type=click.File("rb"),
    help="Read the password from this file; - is stdin. Without it, it is asked for.",
)
_none_option = click.option(
    "--no-password", is_flag=True, help="For a user who logs in at a proxy or a provider, not with a password."
)


@click.group()
def user() -> None:
    """Give people a login to the page, each with a name and a role. See docs/users.md.

    An owner may do everything; an agent writes and gives orders in chats; a viewer reads. Agents and viewers may be
    limited to accounts. While there is no user, the page is open to this machine, or asks for RECADO_PAGE_PASSWORD.
    """


@user.command()
@_name_argument
@_role_option
@_accounts_option
@_file_option
@_none_option
@json_option
def add(
    *,
    name: str,
    role: Role | None,
    accounts: tuple[str, ...],
    password_file: BinaryIO | None,
    no_password: bool,
    as_json: bool,
) -> None:
    """Add the user NAME. The first one is an owner, later ones are agents, unless --role says otherwise."""
    if name in RESERVED:
        raise click.ClickException(f"{name} is no name of a user, since orders of recado's own bear it: take another")
    made = run(added(name, role, accounts, _password(name, password_file, no_password=no_password)))
    if as_json:
        click.echo(json_text(_view(made.user)))
        return
    click.echo(f"Added {name}, {_said(made.user)}.")
    if made.is_first:
        click.echo("The page asks for a name from now on. RECADO_PAGE_PASSWORD, if it is set, lets in programs alone.")


@user.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the users."""
    stored = run(look())
    shown = [_view(one) for _, one in sorted(stored.users.items())]
    if as_json:
        click.echo(json_text(shown))
    elif not stored:
        click.echo("There is none: recado user add NAME makes the first one, an owner.", err=True)
    else:
        print_table(("NAME", "ROLE", "ACCOUNTS", "PASSWORD", "CHANGED", "BY"), [_row(one) for one in shown])
    for name in sorted(stored.unread):
        click.echo(f"{one_line(name[:64])} cannot be read by this release: update it, or remove the user.", err=True)


@user.command("set")
@_name_argument
@_role_option
@_accounts_option
@click.option("--all-accounts", is_flag=True, help="They see all accounts.")
@_yes_option
@json_option
def set_(
    *, name: str, role: Role | None, accounts: tuple[str, ...], all_accounts: bool, yes: bool, as_json: bool
) -> None:
    """Give the user NAME another role, or other accounts. It holds at once, wherever they are logged in."""
    if accounts and all_accounts:
        raise click.UsageError("give either --account or --all-accounts")
    if role is None and not accounts and not all_accounts:
        raise click.UsageError("say what to change: --role, --account or --all-accounts")

    def change(stored: Stored, one: StoredUser) -> StoredUser:
        new = role or one.role
        check_accounts(new, accounts)
        if one.role == "owner" and new != "owner":
            check_owners(stored, name, yes=yes)
        kept = None if all_accounts or new == "owner" else one.accounts
        return msgspec.structs.replace(one, role=new, accounts=accounts or kept)

    _tell(run(changed(name, change, accounts)), as_json=as_json)


@user.command()
@_name_argument
@_file_option
@_none_option
@json_option
def password(*, name: str, password_file: BinaryIO | None, no_password: bool, as_json: bool) -> None:
    """Give the user NAME another password, and log them out everywhere."""
    word = _password(name, password_file, no_password=no_password)
    _tell(run(with_password(name, word)), as_json=as_json)


@user.command()
@_name_argument
@json_option
def logout(name: str, as_json: bool) -> None:
    """Log the user NAME out everywhere."""
    made = run(changed(name, lambda _, one: msgspec.structs.replace(one, logins=token_hex(8))))
    _tell(made, as_json=as_json)


@user.command()
@_name_argument
@_yes_option
@json_option
def remove(name: str, yes: bool, as_json: bool) -> None:
    """Remove the user NAME, who is logged out everywhere at once."""
    run(removed(name, yes=yes))
    if as_json:
        click.echo(json_text({"removed": name}))
        return
    click.echo(f"Removed {name}. Chats that {name} has keep the name: recado chats --assigned {name} lists them.")


def _password(name: str, file: BinaryIO | None, *, no_password: bool) -> str | None:
    """The password, from the file or asked for; None for a user without one. Raises ClickException."""
    if no_password:
        if file is not None:
            raise click.UsageError("give either --password-file or --no-password")
        return None
    if file is not None:
        try:
            word = file.read(8 * LONGEST_PASSWORD).decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise click.ClickException("the password is no text in UTF-8") from None
    elif sys.stdin.isatty():
        word = click.prompt(f"Password for {name}", hide_input=True, confirmation_prompt="Again")
    else:
        raise click.UsageError("no terminal can be asked for the password: give --password-file FILE, or - for stdin")
    if (fault := fault_of(word, name)) is not None:
        raise click.ClickException(fault)
    return word


def _tell(one: StoredUser, *, as_json: bool) -> None:
    click.echo(json_text(_view(one)) if as_json else f"Changed {one.name}, {_said(one)}.")


def _view(one: StoredUser) -> UserView:
    return UserView(one.name, one.role, one.accounts, bool(one.password), one.at, one.by)


def _row(one: UserView) -> tuple[str, ...]:
    accounts = "all" if one.accounts is None else ", ".join(map(one_line, one.accounts))
    return (one.name, one.role, accounts, "yes" if one.password else "no", local(one.at), one_line(one.by))


def _said(one: StoredUser) -> str:
    whose = "all accounts" if one.accounts is None else f"the accounts {', '.join(map(one_line, one.accounts))}"
    return f"{'a' if one.role == 'viewer' else 'an'} {one.role} of {whose}"
