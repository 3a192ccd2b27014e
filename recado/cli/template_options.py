"""The options with which `recado send` sends a template, and the check before the order is written."""

from __future__ import annotations

import click
import msgspec

from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.parts import Part
from gateways.templates.form import HEADER, filled, is_address, place_in
from gateways.templates.known import TemplatesUnread, TemplateUnknown
from gateways.templates.template import HEADER_FILES
from recado.cli.options import Text
from recado.cli.template import tell_stale
from recado.settings.settings import Settings
from recado.wiring.templates import AccountTemplates

Pair = tuple[str, str]


class Value(click.ParamType[Pair]):
    """A value by its name, as `name=value`."""

    name = "value"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Pair:
        name, equals, given = Text().convert(value, param, ctx).partition("=")
        if not equals or not name.strip():
            self.fail(f"{value!r} names no variable: write it as name=Ana, or 1=Ana", param, ctx)
        return name.strip(), given


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """A template as it is given on the command line: `name:language`, and its values by the keys of the form."""

    ref: str
    values: dict[str, str]


template_option = click.option(
    "--template", "ref", type=Text(), metavar="NAME:LANG", help="Send this template of WhatsApp's."
)
set_option = click.option(
    "--set", "variables", type=Value(), multiple=True, metavar="NAME=VALUE", help="A variable of the template's body."
)
header_option = click.option(
    "--header",
    type=Text(),
    metavar="VALUE",
    help="Its header: a text, the https address of a file, or what the library has of this name.",
)
button_option = click.option(
    "--button", "buttons", type=Value(), multiple=True, metavar="N=VALUE", help="The value of a button, counted from 0."
)


def filling_of(
    ref: str | None, variables: tuple[Pair, ...], header: str | None, buttons: tuple[Pair, ...]
) -> Filling | None:
    """The template that is meant; None without one. Raises click.UsageError."""
    if ref is None:
        if variables or header is not None or buttons:
            raise click.UsageError("--set, --header and --button are values of a template: name it with --template")
        return None
    if not all(ref.partition(":")):
        raise click.UsageError(f"--template {ref!r} has no language: write it as hello_again:en_US")
    pairs = [*((f"body:{name}", value) for name, value in variables), *((f"button:{n}", v) for n, v in buttons)]
    values = dict(pairs) | ({HEADER: header} if header is not None else {})
    if len(values) < len(pairs) + (header is not None):
        raise click.UsageError("a variable or a button has two values: leave one out")
    return Filling(ref=ref, values=values)


async def checked(chosen: Settings, bus: Bus, account: str, filling: Filling) -> Part:
    """The part that sends the template, checked against Meta's own form of it. Raises click.ClickException with
    everything that is wrong."""
    try:
        known = await AccountTemplates(chosen, bus).known(account)
        template = known.find(filling.ref)
    except TemplatesUnread as refusal:
        raise click.ClickException(f"the template cannot be checked, so nothing is sent: {refusal}") from refusal
    except TemplateUnknown as unknown:
        raise click.ClickException(f"{unknown} (account {account})") from unknown
    tell_stale(known)
    header = filling.values.get(HEADER, "")
    from_library = template.header in (*HEADER_FILES, "location") and header and not is_address(header)
    file = await _in_library(bus, account, header) if from_library and place_in(header) is None else None
    made = filled(template, filling.values, file)
    if isinstance(made, Part):
        return made
    raise click.ClickException(f"the template {filling.ref}: {'; '.join(made)}")


async def _in_library(bus: Bus, account: str, name: str) -> Part:
    """The library's file or place of this name. Raises click.ClickException, LogUnavailable."""
    library = await JetStreamLibrary.join(bus)
    try:
        entry = await library.entry(account, name)
    finally:
        await library.close()
    if entry is None:
        raise click.ClickException(
            f"the header {name!r} is no https address, and the library of account {account} has nothing of this name: "
            "recado files list shows what it has"
        )
    return entry.part
