"""The options with which `recado send` says more than text."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import click

from actors.tools.library_parts import LibraryParts, NotSent
from actors.tools.results import FromBytes, FromLibrary, Sendable
from events.jetstream.connection import Bus
from events.jetstream.media_store import MediaStore
from events.parts import Option, Part, problems
from recado.cli.file_content import checked
from recado.cli.options import Text
from recado.wiring.library import joined_library


class Titled(click.ParamType[Option]):
    """A choice as `id=title`."""

    name = "choice"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Option:
        id_, _, title = Text().convert(value, param, ctx).partition("=")
        if not id_.strip() or not title.strip():
            self.fail(f"{value!r} has no id and title: write it as s=Small", param, ctx)
        return Option(id=id_.strip()[:1024], title=title.strip()[:1024])


class Place(click.ParamType[Part]):
    """A place as `latitude,longitude`, in degrees, and perhaps a name after another comma."""

    name = "place"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Part:
        degrees = [*Text().convert(value, param, ctx).split(",", 2), "", ""]
        try:
            latitude, longitude = float(degrees[0]), float(degrees[1])
        except ValueError:
            latitude = longitude = float("nan")
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            self.fail(f"{value!r} is no place: write it as -23.5505,-46.6333,Bakery", param, ctx)
        name = degrees[2].strip()[:1024]
        return Part(kind="location", latitude=latitude, longitude=longitude, name=name or None)


choices_option = click.option(
    "--choices", "question", type=Text(), metavar="QUESTION", help="Ask this, with each --choice to tap."
)
choice_option = click.option(
    "--choice", "options", type=Titled(), multiple=True, metavar="ID=TITLE", help="A choice; give ten at most."
)
location_option = click.option(
    "--location", "place", type=Place(), metavar="LAT,LON[,NAME]", help="Send a place, in degrees."
)
image_option = click.option(
    "--image", type=Text(), metavar="FILE|URL", help="Send a picture: a file of this machine, or an https address."
)
document_option = click.option(
    "--document", type=Text(), metavar="FILE|URL", help="Send a document: a file of this machine, or an https address."
)
file_option = click.option(
    "--file", "name", type=Text(), metavar="NAME", help="Send the file or place of this name: recado files list."
)


def parts_of(
    question: str | None,
    options: tuple[Option, ...],
    place: Part | None,
    *,
    image: str | None,
    document: str | None,
    name: str | None,
) -> tuple[Sendable, ...]:
    """The parts that are sent, in their order; files of this machine are read and checked. Raises click.UsageError with
    the first fault, click.ClickException for a file."""
    if (question is None) != (not options):
        raise click.UsageError("a question and its choices go together: --choices 'Which size?' --choice s=Small")
    sent: list[Sendable] = [
        *([_file("image", image)] if image is not None else []),
        *([_file("document", document)] if document is not None else []),
        *([FromLibrary(name)] if name is not None else []),
        *([place] if place is not None else []),
        *([Part(kind="choices", text=question, choices=options)] if question is not None else []),
    ]
    if (fault := next(problems([one for one in sent if isinstance(one, Part)]), None)) is not None:
        raise click.UsageError(fault)
    return tuple(sent)


async def looked_up(sent: tuple[Sendable, ...], bus: Bus, account: str) -> tuple[Part, ...]:
    """The parts of an order in a chat of the account: files of its library by their names, and files of this machine,
    which are stored for that chat alone. Raises click.ClickException, LogError."""
    async with AsyncExitStack() as stack:
        library = LibraryParts(await joined_library(stack, bus), MediaStore(bus))
        try:
            return tuple([await library.part(account, one) for one in sent])
        except NotSent as refused:
            raise click.ClickException(f"{refused} (account {account})") from refused


def _file(kind: str, where: str) -> Sendable:
    if "://" in where:
        return Part(kind=kind, url=where)
    file = checked(Path(where), kind=kind)
    return FromBytes(file.content or b"", file.name, kind)
