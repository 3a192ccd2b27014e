"""`recado template list`: the templates of a business number, and how each is sent."""

from __future__ import annotations

from datetime import datetime

import click
import msgspec

from gateways.templates.form import Field, fields
from gateways.templates.known import Known
from gateways.templates.template import Template, unsendable
from recado.cli.meant import beginning_in
from recado.cli.options import Account, json_option
from recado.cli.session import run, settings
from recado.printing import json_text, local, one_line, print_table
from recado.settings.settings import Settings
from recado.wiring.connect import connect
from recado.wiring.templates import AccountTemplates


class TemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """A template.

    - `values`: the values that it takes.
    - `send`: the options of `recado send` that send it.
    - `unsendable`: the reason for which it cannot be sent; null: it can be.
    """

    template: Template
    values: tuple[Field, ...]
    send: str
    unsendable: str | None


class TemplatesView(msgspec.Struct, frozen=True, kw_only=True):
    """The templates of an account.

    - `at`: the time at which Meta told them.
    - `unread`: the reason for which Meta could not be asked now; empty: it was.
    """

    account: str
    at: datetime
    unread: str
    templates: tuple[TemplateView, ...]


@click.group()
def template() -> None:
    """The templates with which a business may write after 24 hours, or first."""


@template.command("list")
@click.option("--account", type=Account(), help="The business number  [default: RECADO_ACCOUNT, or the only number]")
@json_option
def list_(account: str | None, as_json: bool) -> None:
    """List the templates of a business number, as Meta has them now, and the options of `recado send` for each.

    They come from Meta if the number's token is here, else from its gateway.
    """
    chosen = settings()
    where = beginning_in(chosen, account)
    known = run(_known(chosen, where))
    view = TemplatesView(
        account=where, at=known.at, unread=known.unread, templates=tuple(view_of(one) for one in known.templates)
    )
    if as_json:
        click.echo(json_text(view))
        return
    tell_stale(known)
    if not known.templates:
        click.echo("There is none yet: make one in the WhatsApp Manager > Message templates.", err=True)
        return
    print_table(
        ("TEMPLATE", "STATUS", "CATEGORY", "QUALITY", "TEXT", "SEND WITH"),
        [
            (
                one.template.ref,
                one.template.status.lower(),
                one.template.category.lower() or "-",
                one.template.quality.lower() or "-",
                one_line(one.template.body),
                one.send if one.unsendable is None else "-",
            )
            for one in view.templates
        ],
    )
    for one in view.templates:
        if one.unsendable is not None:
            click.echo(one.unsendable, err=True)


def view_of(one: Template) -> TemplateView:
    """The template with how it is sent."""
    values = fields(one)
    options = " ".join(_option(field) for field in values)
    send = f"--template {one.ref}" + (f" {options}" if options else "")
    return TemplateView(template=one, values=values, send=send, unsendable=unsendable(one))


def tell_stale(known: Known) -> None:
    """Say that Meta could not be asked now."""
    if known.unread:
        click.echo(
            f"Meta could not be asked now: these are its templates of {local(known.at)}. {known.unread}", err=True
        )


def _option(field: Field) -> str:
    where, _, name = field.key.partition(":")
    value = field.kind.upper()
    said = {"header": f"--header {value}", "body": f"--set {name}={value}"}.get(where, f"--button {name}={value}")
    return said if field.required else f"[{said}]"


async def _known(chosen: Settings, account: str) -> Known:
    bus = await connect(chosen)
    try:
        return await AccountTemplates(chosen, bus).known(account)
    finally:
        await bus.close()
