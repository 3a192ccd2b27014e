"""The options with which `recado send` says more than text."""

from __future__ import annotations

import click

from events.parts import Option, Part, problems
from recado.cli.options import Text


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
image_option = click.option("--image", type=Text(), metavar="URL", help="Send the picture at this https address.")
document_option = click.option("--document", type=Text(), metavar="URL", help="Send the file at this https address.")


def parts_of(
    question: str | None, options: tuple[Option, ...], place: Part | None, image: str | None, document: str | None
) -> tuple[Part, ...]:
    """The parts in the order in which they go out. Raises click.UsageError with the first fault of them."""
    if (question is None) != (not options):
        raise click.UsageError("a question and its choices go together: --choices 'Which size?' --choice s=Small")
    parts = [
        *([Part(kind="image", url=image)] if image is not None else []),
        *([Part(kind="document", url=document)] if document is not None else []),
        *([place] if place is not None else []),
        *([Part(kind="choices", text=question, choices=options)] if question is not None else []),
    ]
    if (fault := next(problems(parts), None)) is not None:
        raise click.UsageError(fault)
    return tuple(parts)
