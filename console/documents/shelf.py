"""The common ground of the pages of documents: the document that an address names, its addresses, pages of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request

from console.desk import deps_of
from console.documents.port import DocumentDesk
from console.problems import Problem
from events.knowledge import COLLECTION, Place, Version
from events.knowledge_log import Stock
from events.numbers import whole_number
from events.subjects import token, untoken

HOME = "/desk/documents"

_Listed = TypeVar("_Listed")


class Leaf(msgspec.Struct, frozen=True):
    """A page of a list.

    - `number`, `of`: this page, from 1, and the number of pages.
    - `first`: the place of the page's first row in the list, from 0.
    """

    number: int
    of: int
    first: int


def documents_of(request: Request) -> DocumentDesk:
    """The documents of this process. Raises Problem."""
    documents = deps_of(request).documents
    if documents is None:
        raise Problem(404, "This process has no documents.")
    return documents


def collection_of(request: Request) -> str:
    """The collection that the address names. Raises Problem."""
    name: str = request.path_params["collection"]
    if not COLLECTION.fullmatch(name):
        raise Problem(404, "%(name)s is no name of a collection.", name=f"{name[:60]!r}")
    return name


def place_of(request: Request) -> Place:
    """The document that the address names. Raises Problem."""
    name = request.query_params.get("name", "").strip()
    try:
        place = msgspec.convert({"collection": collection_of(request), "name": name}, Place)
    except msgspec.ValidationError as fault:
        raise Problem(
            400, "%(name)s is no name of a document: give 1 to 300 characters in one line.", name=f"{name[:60]!r}"
        ) from fault
    if not is_kept_whole(name):
        raise Problem(400, "“%(name)s…” is too long for a name: give a shorter one.", name=name[:60])
    return place


def is_kept_whole(name: str) -> bool:
    """True if a subject of the log has room for the name of a document, each byte of which may take three there."""
    return untoken(token(name)) == name


def there(stock: Stock, place: Place) -> Version:
    """The document's newest version. Raises Problem if it has none."""
    version = stock.newest.get(place)
    if version is None or version.document.removed:
        raise Problem(404, "There is no document “%(name)s” here any more.", name=place.name[:80])
    return version


def address_of(place: Place, page: str, **more: object) -> str:
    """The address of a page of a document."""
    return f"{HOME}/{place.collection}/{page}?{urlencode({'name': place.name, **more})}"


def leaf_of(request: Request, size: int, whole: int) -> Leaf:
    """The page of `size` that the address asks for, of a list of `whole`; the last one if it has not so many."""
    asked = whole_number(request.query_params.get("page", "")) or 1
    of = max(1, -(-whole // size))
    number = min(max(1, asked), of)
    return Leaf(number, of, (number - 1) * size)


def shown_of(listed: Sequence[_Listed], leaf: Leaf, size: int) -> Sequence[_Listed]:
    """The part of the list that is on the page."""
    return listed[leaf.first : leaf.first + size]
