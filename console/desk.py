"""The desk's page of one chat, for the people who look after it. It needs no script."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.deps import Deps
from console.outcomes import Refused, Said, forget, told
from console.problems import Problem
from console.rendering import address_of, person, render
from events.jid import is_canonical
from events.subjects import ChatKey, untoken
from projections.reads.views import ChatView
from projections.trouble import OVERDUE_AFTER

SHOWN = 60
"""Messages and replies of a chat that are shown at once."""


async def chat(request: Request) -> Response:
    """GET: a chat with its last lines, or those `before`, `after` or `around` a sequence of the log. `?part=live` is
    its content alone. The outcome of an order is shown once."""
    deps, key = deps_of(request), key_of(request)
    if (open_ := await deps.read(deps.queries.open_chat, key)) != key:
        return RedirectResponse(address_of(open_), 303)
    if request.query_params.get("part") == "live":
        return await page_of(request, template="_live.html")
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
    deps, key, given = deps_of(request), key_of(request), request.query_params
    view = await view_of(deps, key)
    places = {name: sequence(given, name) for name in ("before", "after", "around") if name in given}
    if len(places) > 1:
        raise Problem(400, "A page of a chat is before, after or around one line, not two of these.")
    page = await deps.read(lambda: deps.queries.lines(key, SHOWN, **places))
    values: dict[str, Any] = {
        "chat": view,
        "address": address_of(key),
        "page": page,
        "place": urlencode(places),
        "profile": deps.profiles.selected(key) if deps.profiles is not None else None,
        "late": deps.now() - OVERDUE_AFTER,
        "after": await deps.read(deps.queries.checkpoint),
        "said": said,
        "refused": refused,
        "can_retry": not view.paused and any(entry.ending == "turn_failed" for entry in page.entries),
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


def sequence(given: QueryParams, name: str) -> int | None:
    """The sequence of the log that the address gives under a name. Raises Problem."""
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Problem(400, f"{name} is a sequence of the log, a whole number, not {text[:40]!r}.")
    return int(text)
