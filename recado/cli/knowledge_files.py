"""`recado knowledge faq` and `export`: pairs of question and answer, and the documents as files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from events.faq import NAME, joined, without
from events.knowledge import KnowledgeUnreadable, Pair
from events.knowledge_log import KnowledgeChanged
from recado.cli.knowledge_open import collection_argument, opened, place_of
from recado.cli.options import Text, json_option
from recado.cli.session import run
from recado.knowledge.adding import write_pairs
from recado.knowledge.exporting import Exported, export
from recado.knowledge.pairs import pair, pairs_in
from recado.knowledge.sources import SourceRefused
from recado.printing import json_text, one_line, plain


@click.command()
@collection_argument
@click.argument("name", default=NAME)
@click.option(
    "--import",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Add the pairs of a CSV: its columns question and answer, or its two columns.",
)
@click.option("--add", "added", type=(Text(), Text()), multiple=True, metavar="QUESTION ANSWER", help="Add a pair.")
@click.option("--remove", "removed", type=Text(), multiple=True, metavar="QUESTION", help="Take a pair out.")
@json_option
def faq(
    collection: str,
    name: str,
    *,
    file: Path | None,
    added: tuple[tuple[str, str], ...],
    removed: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the questions and answers of the document NAME (faq), or change them.

    An answer to a question that is there already takes the place of the old one.
    """
    try:
        more = (*(pairs_in(file.read_bytes()) if file is not None else ()), *(pair(*one) for one in added))
        pairs = run(_pairs(collection, name, more, removed))
    except (SourceRefused, KnowledgeUnreadable, OSError) as fault:
        raise click.ClickException(f"{file.name if file is not None else name}: {fault}") from fault
    if as_json:
        click.echo(json_text({"collection": collection, "name": name, "faq": pairs}))
    elif more or removed:
        click.echo(questions(len(pairs)))
    elif not pairs:
        click.echo('None. recado knowledge faq COLLECTION --add "QUESTION" "ANSWER" adds one.', err=True)
    else:
        click.echo(plain("\n\n".join(f"{one.q}\n{one.a}" for one in pairs)))


@click.command("export")
@collection_argument
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
def export_(collection: str, folder: Path, as_json: bool) -> None:
    """Write the documents of COLLECTION into FOLDER, which is new or empty. `recado knowledge add` of that folder makes
    the same documents. Exits 1 if one cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty: give a new folder")
    outcomes = run(_export(collection, folder))
    if as_json:
        click.echo(json_text(outcomes))
    else:
        click.echo(f"{sum(bool(one.file) for one in outcomes)} written")
    missing = [one for one in outcomes if not one.file]
    for one in missing:
        click.echo(f"Not written: {one_line(one.name)}: {one_line(one.reason)}", err=True)
    if missing:
        sys.exit(1)


async def _pairs(collection: str, name: str, more: tuple[Pair, ...], removed: tuple[str, ...]) -> tuple[Pair, ...]:
    async with opened() as there:
        stock = await there.stored.look(collection)
        place = place_of(stock, collection, name)
        before = stock.newest.get(place)
        document = before.document if before is not None and not before.document.removed else None
        if document is not None and not document.faq:
            raise SourceRefused("it is no document of questions: give another name")
        old = document.faq if document is not None else ()
        pairs = joined(old, more)
        for question in removed:
            if (left := without(pairs, question)) == pairs:
                raise SourceRefused(f"there is no question {question!r}")
            pairs = left
        if pairs != old:
            try:
                await write_pairs(there.stored, place, pairs, there.author, expected=stock.last_of(place))
            except KnowledgeChanged as fault:
                raise SourceRefused(str(fault)) from fault
        return pairs


async def _export(collection: str, folder: Path) -> list[Exported]:
    async with opened() as there:
        versions = (await there.stored.look(collection)).there()
        if not versions:
            raise click.ClickException(f"the collection {collection} has no documents: recado knowledge list shows all")
        folder.mkdir(parents=True, exist_ok=True)
        return [one async for one in export(versions, there.library, folder)]


def questions(number: int) -> str:
    """The number of questions in words."""
    return "1 question" if number == 1 else f"{number} questions"
