"""The desk's pages of documents: the collections, what a search finds in one, the text of a document, its removal."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from actors.tools.look_up import NotSearchable
from actors.tools.passages import Found
from chat.context import readable
from chat.first_look import LONGEST_QUERY
from console.access import user_of
from console.desk import deps_of
from console.documents.drafts import LIST, counted
from console.documents.port import Indexed
from console.documents.shelf import (
    HOME,
    address_of,
    collection_of,
    documents_of,
    leaf_of,
    place_of,
    shown_of,
    there,
)
from console.forms import form_of
from console.languages import Translate, translate_of
from console.problems import NOT_REMOVED, Problem, unstored
from console.rendering import render
from console.wording import stored
from events.knowledge import COLLECTION, Document, Unread, Version
from events.knowledge_log import KnowledgeChanged, Stock
from events.log import LogError
from events.phrases import Phrase
from events.subjects import untoken

LISTED = 100
"""Documents, or questions, on a page."""

SHOWN = 20_000
"""Characters of a document's text on a page."""

WITHIN = 10.0
"""Seconds to wait for the text of a document."""

KINDS = {
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.oasis.opendocument.spreadsheet": "OpenDocument sheet",
    "text/csv": "CSV",
    "text/html": "HTML",
    "text/markdown": "Markdown",
    "text/plain": "text",
}
"""Types of files in words."""

log = structlog.get_logger("recado.console")


class Row(msgspec.Struct, frozen=True):
    """A document in the list.

    - `kind`: its type in words.
    - `trouble`: why nothing of it is found; empty: it is found.
    - `address`: of its page; `removal`: of the page that asks before it is removed.
    """

    version: Version
    kind: str
    trouble: str
    address: str
    removal: str


def routes() -> list[Route]:
    return [
        Route(HOME, first),
        Route(HOME + "/{collection}", listed),
        Route(HOME + "/{collection}/document", one),
        Route(HOME + "/{collection}/remove", ask),
        Route(HOME + "/{collection}/remove", remove, methods=["POST"]),
    ]


async def first(request: Request) -> Response:
    """GET: leads to the collection that is asked for, else to the first one."""
    asked = request.query_params.get("collection")
    if asked is not None and COLLECTION.fullmatch(asked.strip()):
        return RedirectResponse(f"{HOME}/{asked.strip()}", 303)
    stock = await documents_of(request).look()
    collections = _collections(stock)
    if asked is None and collections:
        return RedirectResponse(f"{HOME}/{next(iter(collections))}", 303)
    return await _list(request, None, stock, asked=asked)


async def listed(request: Request) -> Response:
    """GET: the documents of a collection; with `?q=`, the passages that a model would be shown."""
    return await _list(request, collection_of(request), await documents_of(request).look())


async def one(request: Request) -> Response:
    """GET: the text of a document as it is searched, or its questions."""
    place, documents = place_of(request), documents_of(request)
    version = there(await documents.look(place.collection), place)
    pairs = version.document.faq
    text, trouble = "", ""
    if not pairs:
        try:
            async with asyncio.timeout(WITHIN):
                text, reason = await documents.text_of(version)
        except TimeoutError as error:
            raise Problem(503, "The text cannot be read now: try again in a moment.") from error
        trouble = reason or ""
    size, whole = (LISTED, len(pairs)) if pairs else (SHOWN, len(text))
    leaf = leaf_of(request, size, whole)
    values: dict[str, Any] = {
        "version": version,
        "kind": _kind(version.document, translate_of(request)),
        "pairs": shown_of(pairs, leaf, size),
        "text": text[leaf.first : leaf.first + size],
        "trouble": trouble,
        "leaf": leaf,
        "pages": address_of(place, "document") + "&",
        "pair": address_of(place, "pair"),
        "removal": address_of(place, "remove"),
        "said": request.query_params.get("said", ""),
    }
    return render(request, "document.html", **values)


async def ask(request: Request) -> Response:
    """GET: the page that asks before a document is removed."""
    place = place_of(request)
    stock = await documents_of(request).look(place.collection)
    last = stock.last_of(place)
    if not _is_unread(stock, last):
        there(stock, place)
    return _asked(request, last)


async def remove(request: Request) -> Response:
    """POST `base`, the version that was looked at: end the document. Its versions stay, since answers name them."""
    place, base = place_of(request), (await form_of(request)).get("base", "")
    _ = translate_of(request)
    documents = documents_of(request)
    stock = await documents.look(place.collection)
    last = stock.last_of(place)
    if not _is_unread(stock, last):
        there(stock, place)
    if base != str(last):
        return _asked(request, last, fault=_("It was changed after you opened this page. Nothing was removed."))
    ended = Document(name=place.name, removed=True, at=deps_of(request).now(), by=user_of(request).name)
    try:
        await documents.write(place, ended, expected=last)
    except KnowledgeChanged:
        raise Problem(409, "It was changed at the same moment. Nothing was removed: look at it again.") from None
    except LogError as error:
        raise Problem(503, unstored(error, NOT_REMOVED), reason=error) from error
    log.info("document_removed", document=str(place), by=user_of(request).name)
    return RedirectResponse(f"{HOME}/{place.collection}?said=removed", 303)


async def _list(request: Request, collection: str | None, stock: Stock, *, asked: str | None = None) -> Response:
    documents = documents_of(request)
    indexed = await documents.indexed()
    there = stock.there(collection) if collection is not None else []
    leaf = leaf_of(request, LISTED, len(there))
    query = readable(request.query_params.get("q", "")[:LONGEST_QUERY]).strip()
    found: Sequence[Found] | None = None
    if query and collection is not None:
        try:
            found = await documents.look_up((collection,), query)
        except NotSearchable as error:
            log.warning("documents_not_searched", collections=(collection,), reason=str(error))
            raise Problem(503, "The documents cannot be searched now: try again in a moment.") from error
    values: dict[str, Any] = {
        "collection": collection,
        "meant": await documents.meant(collection) if collection is not None else None,
        "collections": _collections(stock, also=collection),
        "rows": [_row(version, indexed, translate_of(request)) for version in shown_of(there, leaf, LISTED)],
        "all": len(there),
        "leaf": leaf,
        "pages": f"{HOME}/{collection}?",
        "unread": [_named(one) for one in stock.unread],
        "q": query,
        "found": found,
        "drafts": await counted(request, stock),
        "drafts_address": LIST,
        "asked": asked or "",
        "wrong": asked is not None,
        "said": request.query_params.get("said", ""),
    }
    return render(request, "documents.html", status=400 if asked is not None else 200, **values)


def _asked(request: Request, last: int, fault: str = "") -> Response:
    place = place_of(request)
    values = {"place": place, "base": last, "fault": fault, "address": f"{HOME}/{place.collection}"}
    return render(request, "remove_document.html", status=409 if fault else 200, **values)


def _collections(stock: Stock, also: str | None = None) -> dict[str, int]:
    """The collections with their numbers of documents; `also` one that may have none yet."""
    counts = Counter(version.place.collection for version in stock.there())
    return dict(sorted({**({also: 0} if also is not None else {}), **counts}.items()))


def _row(version: Version, indexed: Indexed, _: Translate) -> Row:
    trouble = stored(_, indexed.unfound.get(version.seq))
    if version.seq > indexed.last:
        trouble = _("it is not indexed yet: look again in a moment")
    address = address_of(version.place, "document")
    return Row(version, _kind(version.document, _), trouble, address, address_of(version.place, "remove"))


def _kind(document: Document, _: Translate) -> str:
    if document.faq:
        return _.ngettext("%(num)s question", "%(num)s questions", len(document.faq))
    return _.gettext(KINDS.get(document.mime, document.mime))


def _is_unread(stock: Stock, seq: int) -> bool:
    return any(one.seq == seq for one in stock.unread)


def _named(unread: Unread) -> tuple[str, Phrase]:
    """The document that cannot be read, and why."""
    return "/".join(map(untoken, unread.subject.split(".")[1:])) or unread.subject, unread.reason
