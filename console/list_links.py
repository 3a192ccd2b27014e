"""The addresses of the list pane: alone at /desk, or beside a chat, whose address then has the list's fields under a
prefix. So a filter stays while chats are opened and answered, and every link works without script."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from console.rendering import address_of
from events.subjects import ChatKey
from projections.reads.chat_list import Asked, ChatPage, Place
from projections.reads.found import FoundPage
from projections.reads.views import ChatView, Found

PREFIX = "list."
"""Before the list's fields in the address of a chat."""

FIELDS = ("q", "only", "state", "account", "label", "sort", "after", "before", "since", "hits_after", "hits_before")
"""The list's fields in an address."""

_OF_A_PLACE = frozenset({"after", "before", "since", "hits_after", "hits_before"})


def fields_in(query: QueryParams, *, beside: bool) -> dict[str, str]:
    """The list's fields in the query of an address; `beside`: that of a chat."""
    prefix = PREFIX if beside else ""
    return {name: query[prefix + name] for name in FIELDS if prefix + name in query}


def kept(query: QueryParams) -> str:
    """The fields in the query of a chat's address that an order leads back to, as a query with its `?`: those of the
    list, and the person's pane; empty without any."""
    return _query(kept_fields(query))


def kept_fields(query: QueryParams) -> dict[str, str]:
    """The fields of `kept`."""
    pane = {"pane": "person"} if query.get("pane") == "person" else {}
    return _beside(fields_in(query, beside=True)) | pane


def list_alone(query: QueryParams) -> str:
    """The address of the list of a chat's address, with no chat beside it."""
    return "/desk" + _query(fields_in(query, beside=True))


def chat_with(key: ChatKey, query: QueryParams, **more: object) -> str:
    """The address of a chat with the list's fields of a query, and `more` fields."""
    return address_of(key) + _query(_beside(fields_in(query, beside=True)) | more)


class ListLinks:
    """The links of a list pane.

    - `key`: the chat that is open beside the list; None: none is.
    - `given`: the list's fields.
    - `here`: the address of the page without its query.
    - `prefix`: before the list's fields in its query.
    """

    def __init__(self, key: ChatKey | None, given: Mapping[str, str], asked: Asked) -> None:
        self._key = key
        self._given = given
        self._asked = asked
        self.here = address_of(key) if key is not None else "/desk"
        self.prefix = PREFIX if key is not None else ""

    def chat(self, view: ChatView) -> str:
        """A chat of the list, beside the same list."""
        return address_of(ChatKey(view.account, view.chat)) + _query(_beside(self._given))

    def found(self, hit: Found) -> str:
        """A message that was found, in its chat and beside the same search."""
        seq = hit.entry.seq
        return (
            f"{address_of(ChatKey(hit.account, hit.chat))}{_query({'around': str(seq)} | _beside(self._given))}#s{seq}"
        )

    def is_open(self, view: ChatView) -> bool:
        return self._key == (view.account, view.chat)

    def refresh(self) -> str:
        """The list alone, as it is shown here."""
        return self.here + _query({"part": "list"} | self._prefixed(self._given))

    def first(self) -> str:
        """The first page of the same list."""
        return self._with()

    def of(self, **fields: str | None) -> str:
        """The first page with another filter, or with none."""
        return self._with(**fields)

    def is_whole(self) -> bool:
        """True if nothing is left out."""
        return not any(self._given.get(name) for name in ("q", "only", "state", "account", "label"))

    def others(self, *without: str) -> dict[str, str]:
        """The fields of a form that changes those of `without`."""
        return self._prefixed(
            {name: value for name, value in self._given.items() if name not in without and name not in _OF_A_PLACE}
        )

    def after(self, page: ChatPage) -> str:
        return self._with(after=_text(page.end), since=self._since(page))

    def before(self, page: ChatPage) -> str:
        return self._with(before=_text(page.begin), since=self._since(page))

    def hits_after(self, page: FoundPage) -> str:
        return self._with(hits_after=page.hits[-1].entry.seq)

    def hits_before(self, page: FoundPage) -> str:
        return self._with(hits_before=page.hits[0].entry.seq)

    def _since(self, page: ChatPage) -> int | None:
        """The place of the first chat when the reader began, which is the first of the first page."""
        return self._asked.since if self._asked.since is not None or page.begin is None else page.begin.at

    def _with(self, **more: object) -> str:
        fields = {name: value for name, value in self._given.items() if name not in _OF_A_PLACE} | more
        pane = {"pane": "list"} if self._key is not None else {}
        return self.here + _query(self._prefixed(fields) | pane)

    def _prefixed(self, fields: Mapping[str, object]) -> dict[str, str]:
        return {self.prefix + name: str(value) for name, value in fields.items() if value not in (None, "")}


def _beside(fields: Mapping[str, str]) -> dict[str, str]:
    return {PREFIX + name: value for name, value in fields.items() if value}


def _query(fields: Mapping[str, object]) -> str:
    return f"?{urlencode(fields)}" if fields else ""


def _text(place: Place | None) -> str | None:
    return f"{place.at}.{place.id}" if place is not None else None
