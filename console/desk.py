"""The desk: the chats for the people who look after them. It needs no script."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.deps import Deps
from console.outcomes import Refused, Said, forget, told
from console.problems import Problem
from console.rendering import address_of, person, render
from events.jid import is_canonical
from events.subjects import ChatKey, untoken
from projections.reads.views import ChatView

SHOWN = 60
"""Messages and replies of a chat that are shown at once."""

LISTED = 200
"""Chats in the list."""


async def chats(request: Request) -> Response:
    """GET: the list of chats, those that ask for a human first; with `?q=<words>` the search results.

    `?part=list` is the list alone.
    """
    deps, text = deps_of(request), request.query_params.get("q", "").strip()[:200]
    shared: dict[str, Any] = {"q": text, "accounts": await deps.read(deps.queries.accounts)}
    if text:
        found = await deps.read(deps.queries.search, text)
        named = await deps.read(deps.queries.named, text)
        return render(request, "chats.html", **shared, found=found, named=named)
    listed = await deps.read(deps.queries.chats, None, LISTED)
    asking = await deps.read(deps.queries.attention)
    template = "_list.html" if request.query_params.get("part") == "list" else "chats.html"
    trouble = await deps.read(deps.queries.trouble, deps.now())
    return render(request, template, **shared, chats=listed, attention=asking, trouble=trouble)


async def chat(request: Request) -> Response:
    """GET: a chat with its last lines, or the last ones before `?before=<seq>`. `?part=live` is its content alone. The
    outcome of an order is shown once."""
    if request.query_params.get("part") == "live":
        return await page_of(request, template="_live.html")
    key = key_of(request)
    said = told(request, key)
    answer = await page_of(request, said=said)
    if said is not None:
        forget(answer, key)
    return answer


async def page_of(
    request: Request,
    *,
    status: int = 200,
    template: str = "chat.html",
    said: Said | None = None,
    refused: Refused | None = None,
) -> Response:
    """The chat that the address names, with the outcome of an order, or with an order that was refused."""
    deps, key = deps_of(request), key_of(request)
    before = _before(request)
    view = await view_of(deps, key)
    found = await deps.read(deps.queries.history, key, SHOWN + 1, before)
    entries = found[-SHOWN:]
    values: dict[str, Any] = {
        "chat": view,
        "address": address_of(key),
        "entries": entries,
        "more": len(found) > SHOWN,
        "before": before,
        "after": (await deps.read(deps.queries.counts)).checkpoint,
        "said": said,
        "refused": refused,
        "can_retry": not view.paused and any(entry.ending == "turn_failed" for entry in entries),
    }
    return render(request, template, status=status, **values)


def deps_of(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


def key_of(request: Request) -> ChatKey:
    """The chat that the address names. Raises Problem."""
    account, jid = untoken(request.path_params["account"]), request.path_params["chat"]
    if not is_canonical(jid):
        raise Problem(404, f"{jid[:60]!r} is not the canonical JID of a chat.")
    return ChatKey(account, jid)


async def view_of(deps: Deps, key: ChatKey) -> ChatView:
    view = await deps.read(deps.queries.chat, key)
    if view is None:
        raise Problem(404, unknown(key))
    return view


def unknown(key: ChatKey) -> str:
    return f"Nobody has written in the chat {person(key.chat)} of the account {key.account[:60]}."


def _before(request: Request) -> int | None:
    given = request.query_params.get("before")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise Problem(400, f"before is a sequence of the log, a whole number, not {given[:40]!r}.")
    return int(given)
