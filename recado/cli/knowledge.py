"""`recado knowledge`: the documents from which chats are answered."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from events.knowledge import Document, Place, Version
from events.knowledge_log import Stock
from projections.knowledge.search import Found
from recado.cli.knowledge_check import check
from recado.cli.knowledge_drafts import drafts
from recado.cli.knowledge_files import export_, faq, questions
from recado.cli.knowledge_open import Name, Open, collection_argument, opened, place_of, searched, shown, version_of
from recado.cli.options import json_option
from recado.cli.session import run
from recado.knowledge.adding import Added, Adding, source_of
from recado.knowledge.addresses import Address, Web, usable
from recado.knowledge.sources import Source, SourceRefused, sources_in
from recado.knowledge.texts import LibraryTexts
from recado.printing import json_text, local, one_line, print_table


class Outcome(NamedTuple):
    """The outcome of a document of a collection."""

    collection: str
    added: Added


class Given(click.ParamType["Path | Address"]):
    """A file, a folder, or an address of the web."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path | Address:
        if "://" not in value:
            path = Path(value)
            return path if path.exists() else self.fail(f"there is no file or folder {value!r}", param, ctx)
        try:
            usable(value, loopback=True)
        except SourceRefused as refused:
            self.fail(f"{value!r}: {refused}", param, ctx)
        return Address(value)


_loopback = click.option("--loopback", is_flag=True, help="Take addresses of this machine, too: for tests.")


@click.group()
def knowledge() -> None:
    """Answer from the business's own documents. See docs/knowledge.md."""


knowledge.add_command(check)
knowledge.add_command(drafts)
knowledge.add_command(faq)
knowledge.add_command(export_)


@knowledge.command()
@collection_argument
@click.argument("given", nargs=-1, required=True, metavar="FILE|FOLDER|URL...", type=Given())
@_loopback
@json_option
def add(collection: str, given: tuple[Path | Address, ...], loopback: bool, as_json: bool) -> None:
    """Add files, all files of folders, or pages of the web to COLLECTION, if they are new or have changed.

    PDF, Word (docx), Excel (xlsx, xls), OpenDocument sheets, CSV, HTML, Markdown and plain text. Exits 1 if one of them
    cannot be read; the others are added.
    """
    if run(_add(collection, given, loopback=loopback, as_json=as_json)):
        sys.exit(1)


@knowledge.command()
@click.argument("collection", type=Name(), required=False)
@_loopback
@json_option
def refresh(collection: str | None, loopback: bool, as_json: bool) -> None:
    """Read the files and addresses of all documents again, of COLLECTION or of all collections, and add what changed.

    Documents whose file or page is gone are named, and stay until `remove`. Exits 1 if there are some, or one that
    cannot be read.
    """
    if run(_refresh(collection or "", loopback=loopback, as_json=as_json)):
        sys.exit(1)


@knowledge.command("list")
@click.argument("collection", type=Name(), required=False)
@json_option
def list_(collection: str | None, as_json: bool) -> None:
    """List the documents, of COLLECTION or of all collections."""
    stock = run(_look(collection or ""))
    there = stock.there()
    if as_json:
        click.echo(json_text([shown(version) for version in there]))
        return
    if not there:
        click.echo("None. recado knowledge add COLLECTION FILE adds one.", err=True)
        return
    rows = [
        (
            one.place.collection,
            one_line(one.place.name),
            questions(len(one.document.faq)) if one.document.faq else one.document.mime,
            local(one.document.at) if one.document.at is not None else "-",
            one_line(one.document.by),
        )
        for one in there
    ]
    print_table(("COLLECTION", "NAME", "TYPE", "ADDED", "BY"), rows)


@knowledge.command()
@collection_argument
@click.argument("name")
@json_option
def show(collection: str, name: str, as_json: bool) -> None:
    """Print the text of a document as it is searched."""
    version, text = run(_text(collection, name))
    click.echo(json_text({**shown(version), "text": text}) if as_json else text)


@knowledge.command()
@collection_argument
@click.argument("words", nargs=-1, required=True)
@click.option("--most", type=click.IntRange(1, 50), default=3, show_default=True, help="Pieces to show.")
@json_option
def search(collection: str, words: tuple[str, ...], most: int, as_json: bool) -> None:
    """Show the pieces of COLLECTION that fit the WORDS best."""
    found, unsearched = run(_search(collection, " ".join(words), most))
    if unsearched:
        click.echo(unsearched, err=True)
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
@collection_argument
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


async def _add(collection: str, given: Sequence[Path | Address], *, loopback: bool, as_json: bool) -> bool:
    """Whether one of them was not read."""
    sources: list[Source | Address] = list(sources_in([one for one in given if isinstance(one, Path)]))
    sources = list(dict.fromkeys([*sources, *(one for one in given if isinstance(one, Address))]))
    if not sources:
        raise click.ClickException("there is no file in it")
    async with opened() as there:
        outcomes = await _read(there, {collection: sources}, loopback=loopback)
    return _told(outcomes, as_json=as_json)


async def _refresh(collection: str, *, loopback: bool, as_json: bool) -> bool:
    """Whether one of them was not read, or is gone."""
    async with opened() as there:
        versions = (await there.stored.look(collection)).there()
        if collection and not versions:
            raise click.ClickException(f"the collection {collection} has no documents: recado knowledge list shows all")
        sources: dict[str, list[Source | Address]] = {}
        for version in versions:
            if (source := source_of(version.document)) is not None:
                sources.setdefault(version.place.collection, []).append(source)
        outcomes = await _read(there, sources, loopback=loopback)
    return _told(outcomes, as_json=as_json)


async def _read(there: Open, sources: Mapping[str, Sequence[Source | Address]], *, loopback: bool) -> list[Outcome]:
    """The outcome of each source, by its collection."""
    outcomes: list[Outcome] = []
    count = sum(map(len, sources.values()))
    async with Web(loopback=loopback) as web:
        with click.progressbar(length=count, label="Reading", file=sys.stderr) as bar:
            for collection, given in sources.items():
                stock = await there.stored.look(collection)
                adding = Adding(
                    there.stored, there.library, there.reader, collection=collection, stock=stock, author=there.author
                )
                async for one in adding.add(given, web):
                    outcomes.append(Outcome(collection, one))
                    bar.update(1)
    return sorted(outcomes, key=lambda outcome: (outcome.collection, outcome.added.name))


def _told(outcomes: Sequence[Outcome], *, as_json: bool) -> bool:
    """Print them; whether one was not read."""
    if as_json:
        click.echo(json_text([{"collection": of, **msgspec.structs.asdict(added)} for of, added in outcomes]))
    else:
        counts = {
            kind: sum(one.added.outcome == kind for one in outcomes) for kind in ("added", "changed", "unchanged")
        }
        click.echo(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    for collection, added in outcomes:
        if added.unseen:
            words = "1 word" if added.unseen == 1 else f"{added.unseen:,} words"
            click.echo(f"Left out of {one_line(f'{collection}/{added.name}')}: {words} that it hides.", err=True)
    failed = {"gone": "Gone", "refused": "Not added"}
    missing = [one for one in outcomes if one.added.outcome in failed]
    for collection, added in missing:
        name = one_line(f"{collection}/{added.name}")
        click.echo(f"{failed[added.outcome]}: {name}: {one_line(added.reason)}", err=True)
    return bool(missing)


async def _look(collection: str) -> Stock:
    async with opened() as there:
        stock = await there.stored.look(collection)
        for one in stock.unread:
            click.echo(
                f"{one_line(one.subject)}: its newest version cannot be read ({one_line(one.reason)}).", err=True
            )
        return stock


async def _text(collection: str, name: str) -> tuple[Version, str]:
    async with opened() as there:
        stock = await there.stored.look(collection)
        place = place_of(stock, collection, name)
        version = version_of(stock, place)
        if version.document.faq:
            return version, "\n\n".join(f"{pair.q}\n{pair.a}" for pair in version.document.faq)
        text = await LibraryTexts(there.library, there.reader).text_of(version)
        if text.reason is not None:
            raise click.ClickException(f"{place}: {text.reason}")
        return version, text.text


async def _search(collection: str, words: str, most: int) -> tuple[list[Found], str]:
    """The pieces, and the fault of the search."""
    async with searched(collection) as there:
        return await there.search(words, most), await there.unsearched()


async def _remove(collection: str, names: tuple[str, ...]) -> list[tuple[Place, int]]:
    async with opened() as there:
        stock = await there.stored.look(collection)
        unread = {one.subject for one in stock.unread}
        places = list(dict.fromkeys(place_of(stock, collection, name) for name in names))
        for place in places:
            if place.subject not in unread:
                version_of(stock, place)
        removed = []
        for place in places:
            ended = Document(name=place.name, removed=True, at=there.author.at, by=there.author.by)
            removed.append((place, await there.stored.write(place, ended, expected=stock.last_of(place))))
        return removed


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
