"""`recado knowledge`: the documents from which chats are answered."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.knowledge import COLLECTION, Document, Place, Version
from events.knowledge_log import KnowledgeLog, Stock
from events.library import Library
from projections.knowledge.embedding import search_by_both
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from projections.knowledge.meanings import Coverage, coverage
from projections.knowledge.search import Found
from recado.cli.control import by_user
from recado.cli.log import open_log
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.knowledge.adding import Added, Adding, Author
from recado.knowledge.sources import sources_in
from recado.knowledge.texts import LibraryTexts
from recado.printing import json_text, local, one_line, print_table
from recado.wiring.knowledge import FILE, embedder_of
from recado.wiring.library import joined_library


class Name(click.ParamType[str]):
    """The name of a collection."""

    name = "collection"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not COLLECTION.fullmatch(value):
            self.fail(f"{value!r} is no name of a collection: give 1 to 64 of a-z, 0-9, '_' and '-'", param, ctx)
        return value


_COLLECTION = click.argument("collection", type=Name())


class _Open(NamedTuple):
    stored: KnowledgeLog
    library: Library
    author: Author


@click.group()
def knowledge() -> None:
    """Answer from the business's own documents. See docs/knowledge.md."""


@knowledge.command()
@_COLLECTION
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, path_type=Path))
@json_option
def add(collection: str, paths: tuple[Path, ...], as_json: bool) -> None:
    """Add files, or all files of folders, to COLLECTION. A file that is there already, unchanged, is not read again.

    PDF, Word (docx), Excel (xlsx, xls), OpenDocument sheets, CSV, HTML, Markdown and plain text. Exits 1 if one of them
    cannot be read; the others are added.
    """
    refused = run(_add(collection, paths, as_json=as_json))
    if refused:
        sys.exit(1)


@knowledge.command("list")
@click.argument("collection", type=Name(), required=False)
@json_option
def list_(collection: str | None, as_json: bool) -> None:
    """List the documents, of COLLECTION or of all collections."""
    stock = run(_look(collection or ""))
    there = stock.there()
    if as_json:
        click.echo(json_text([_shown(version) for version in there]))
        return
    if not there:
        click.echo("None. recado knowledge add COLLECTION FILE adds one.", err=True)
        return
    rows = [
        (
            one.place.collection,
            one_line(one.place.name),
            f"{len(one.document.faq)} questions" if one.document.faq else one.document.mime,
            local(one.document.at) if one.document.at is not None else "-",
            one_line(one.document.by),
        )
        for one in there
    ]
    print_table(("COLLECTION", "NAME", "TYPE", "ADDED", "BY"), rows)


@knowledge.command()
@_COLLECTION
@click.argument("name")
@json_option
def show(collection: str, name: str, as_json: bool) -> None:
    """Print the text of a document as it is searched."""
    version, text = run(_text(Place(collection, name)))
    click.echo(json_text({**_shown(version), "text": text}) if as_json else text)


@knowledge.command()
@_COLLECTION
@click.argument("words", nargs=-1, required=True)
@click.option("--most", type=click.IntRange(1, 50), default=3, show_default=True, help="Pieces to show.")
@json_option
def search(collection: str, words: tuple[str, ...], most: int, as_json: bool) -> None:
    """Show the pieces of COLLECTION that fit the WORDS best."""
    found, how = run(_search(collection, " ".join(words), most))
    if how:
        click.echo(how, err=True)
    if as_json:
        click.echo(json_text([_piece(one) for one in found]))
        return
    if not found:
        click.echo("Nothing is found.", err=True)
    for one in found:
        click.echo(f"{one_line(str(one.place))}{f' › {one_line(one.headings)}' if one.headings else ''}")
        for line in one.text.splitlines():
            click.echo(f"    {one_line(line)}")


@knowledge.command()
@_COLLECTION
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
def remove(collection: str, names: tuple[str, ...], as_json: bool) -> None:
    """End documents: no answer is given from them any more."""
    removed = run(_remove(collection, names))
    if as_json:
        click.echo(json_text([{"name": one.name, "seq": seq} for one, seq in removed]))
    else:
        for one, _ in removed:
            click.echo(f"Removed: {one_line(str(one))}")


@asynccontextmanager
async def _open() -> AsyncIterator[_Open]:
    async with open_log(settings()) as (log, bus), AsyncExitStack() as stack:
        stored = await JetStreamKnowledgeLog.open(bus)
        stack.push_async_callback(stored.close)
        author = Author(by_user(), (await log.head()).now)
        yield _Open(stored, await joined_library(stack, bus), author)


async def _add(collection: str, paths: tuple[Path, ...], *, as_json: bool) -> bool:
    """Whether one of them was refused."""
    sources = list(sources_in(paths))
    if not sources:
        raise click.ClickException("there is no file in it")
    outcomes: list[Added] = []
    async with _open() as there:
        adding = Adding(there.stored, there.library, collection, await there.stored.look(collection), there.author)
        with click.progressbar(length=len(sources), label="Reading", file=sys.stderr) as bar:
            async for one in adding.add(sources):
                outcomes.append(one)
                bar.update(1)
    outcomes.sort(key=lambda one: one.name)
    refused = [one for one in outcomes if one.outcome == "refused"]
    if as_json:
        click.echo(json_text(outcomes))
    else:
        counts = {kind: sum(one.outcome == kind for one in outcomes) for kind in ("added", "changed", "unchanged")}
        click.echo(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    for one in refused:
        click.echo(f"Not added: {one_line(one.name)}: {one_line(one.reason)}", err=True)
    return bool(refused)


async def _look(collection: str) -> Stock:
    async with _open() as there:
        stock = await there.stored.look(collection)
        for one in stock.unread:
            click.echo(
                f"{one_line(one.subject)}: its newest version cannot be read ({one_line(one.reason)}).", err=True
            )
        return stock


async def _text(place: Place) -> tuple[Version, str]:
    async with _open() as there:
        version = await _version(there.stored, place)
        if version.document.faq:
            return version, "\n\n".join(f"{pair.q}\n{pair.a}" for pair in version.document.faq)
        text = await LibraryTexts(there.library).text_of(version)
        if text.reason is not None:
            raise click.ClickException(f"{place}: {text.reason}")
        return version, text.text


async def _search(collection: str, words: str, most: int) -> tuple[list[Found], str]:
    """The pieces, and what could not be searched."""
    chosen = replace(settings(), knowledge=(collection,))
    async with _open() as there, AsyncExitStack() as stack:
        if not (await there.stored.look(collection)).there():
            raise click.ClickException(f"the collection {collection} has no documents: recado knowledge list shows all")
        indexing = Indexing(Index(None), there.stored, LibraryTexts(there.library))
        try:
            await indexing.catch_up()
            if not chosen.meaning_model:
                return await search_by_both(indexing, None, words, (collection,), most), ""
            embedder = embedder_of(chosen, stack)
            await indexing.copy_vectors(chosen.data / FILE, embedder.space)
            found = await search_by_both(indexing, embedder, words, (collection,), most)
            return found, said(await indexing.read(coverage, embedder.space, (collection,)))
        finally:
            await indexing.close()


def said(covered: Coverage) -> str:
    """What could not be searched by meaning; empty: all was."""
    lines = []
    if covered.lacking:
        lines.append(
            f"{covered.lacking} of {covered.pieces} pieces have no vector yet, and are found by their words alone: an "
            "instance makes the vectors, and this command reads them in its RECADO_DATA."
        )
    if covered.refused:
        lines.append(f"{covered.refused} of {covered.pieces} pieces are refused by the model.")
    return "\n".join(lines)


async def _remove(collection: str, names: tuple[str, ...]) -> list[tuple[Place, int]]:
    async with _open() as there:
        versions = [await _version(there.stored, Place(collection, name)) for name in names]
        removed = []
        for one in versions:
            ended = Document(name=one.place.name, removed=True, at=there.author.at, by=there.author.by)
            removed.append((one.place, await there.stored.write(one.place, ended, expected=one.seq)))
        return removed


async def _version(stored: KnowledgeLog, place: Place) -> Version:
    version = (await stored.look(place.collection)).newest.get(place)
    if version is None or version.document.removed:
        raise click.ClickException(f"there is no document {place}: recado knowledge list shows them")
    return version


def _shown(version: Version) -> dict[str, object]:
    document = msgspec.structs.asdict(version.document)
    return {"collection": version.place.collection, "seq": version.seq, **document}


def _piece(one: Found) -> dict[str, object]:
    return {
        "document": str(one.place),
        "seq": one.seq,
        "chunk": one.number,
        "headings": one.headings,
        "text": one.text,
        "source": one.source,
        "at": one.at,
    }
