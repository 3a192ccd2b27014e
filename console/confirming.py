"""The page on which an order is given that has to be confirmed: it names the effect."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex

from starlette.requests import Request
from starlette.responses import Response

from console.desk import deps_of, key_of, view_of
from console.list_links import kept
from console.rendering import address_of, render
from console.wording import person
from events.jid import MalformedJid, from_text
from events.subjects import ChatKey

CONFIRMED = frozenset({"block", "erase", "reset"})
"""The orders that are given on this page."""


def is_confirmed(command: str, given: Mapping[str, str], key: ChatKey) -> bool:
    """True if the form has the answer: for an erasure the number of the chat as people write it, or its JID."""
    typed = given.get("confirm", "").strip()
    if command != "erase":
        return typed == "yes"
    if typed == person(key.chat):  # that of a later holder is shown with its time
        return True
    try:
        return from_text(typed) == key.chat
    except MalformedJid:
        return False


async def question(
    request: Request, command: str, *, status: int = 200, id_: str = "", wrong: bool = False
) -> Response:
    """The page; `id_`: that of the order, `wrong`: the answer was none."""
    key = key_of(request)
    values = {
        "chat": await view_of(deps_of(request), key),
        "address": address_of(key),
        "id": id_ or token_hex(8),
        "wrong": wrong,
        "kept": kept(request.query_params),
    }
    return render(request, "confirm.html", status=status, command=command, **values)
