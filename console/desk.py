"""The desk's page of one chat, for the people who look after it. It needs no script."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backends.content.voice import LONGEST, can_convert
from console.access import user_of
from console.conversation import lines_of
from console.deps import Deps
from console.desk_list import listed, sequence
from console.languages import marked
from console.list_links import chat_with, kept
from console.outcomes import Refused, Said, forget, told
from console.person_pane import person_of
from console.problems import Problem
from console.rendering import address_of, render
from console.shown_media import media_in
from console.shown_parts import is_quotable, objects_of, shown
from console.wording import person
from events.jid import is_canonical
from events.library import LARGEST, PREFIX, Entry
from events.log import LogError
from events.parts import MOST_PARTS
from events.subjects import ChatKey, untoken
from gateways.cloud.window import closes_at, is_of_cloud
from projections.reads.views import ChatView
from projections.reads.views import Entry as Line
from projections.story.step import lasting
from projections.trouble import OVERDUE_AFTER

log = structlog.get_logger("recado.console")

SIZES_WITHIN = 3.0
"""Seconds to wait for the sizes of files."""

SHOWN = 60
"""Messages and replies of a chat that are shown at once."""


class Attach(NamedTuple):
    """Limits of the form's files.

    - `most`: bytes of all files.
    - `files`: their number.
    - `longest`: seconds of a recording.
    - `records`: recordings can be converted here.
    """

    most: int
    files: int
    longest: int
    records: bool


def attach() -> Attach:
    """The limits of this instance."""
    return Attach(LARGEST, MOST_PARTS, LONGEST, records=can_convert())


class Window(NamedTuple):
    """The end of the time in which the person can be written to freely, and how long that is; empty: it is over."""

    end: datetime
    left: str


PANES = ("list", "chat", "person")
"""The panes; on a phone the address says which one is shown."""

_PARTS = {"list": "_list.html", "live": "_live.html", "person": "_person.html"}


async def chat(request: Request) -> Response:
    """GET: a chat between the list and its person, with its last lines, or those `before`, `after` or `around` a
    sequence of the log. `?pane=list|chat|person` is the pane that a phone shows; `list.<field>` are those of the list.
    `?part=list|live|person` is the content of one pane. The outcome of an order is shown once."""
    deps, key = deps_of(request), key_of(request)
    if (open_ := await deps.read(deps.queries.open_chat, key)) != key:
        return RedirectResponse(address_of(open_) + kept(request.query_params), 303)
    part = request.query_params.get("part")
    if part == "list":
        return render(request, _PARTS[part], **await listed(request, key))
    if part == "person":
        values = await _shared(request, deps, key, None) | {"said": None, "refused": None}
        return render(request, _PARTS[part], **values, **await person_of(request, deps, key, values["chat"]))
    if part in _PARTS:
        return await page_of(request, template=_PARTS[part])
    said = told(request, key)
    answer = await page_of(request, said=said)
    if said is not None:
        forget(answer, key)
    return answer


async def _shared(request: Request, deps: Deps, key: ChatKey, said: Said | None) -> dict[str, Any]:
    """The values that the conversation and its person share. Raises Problem."""
    # The outcome of an order is said once, also that the chat is erased.
    view = await (view_of(deps, key) if said is None else _stored(deps, key))
    given = request.query_params
    pane = given.get("pane", "chat")
    if pane not in PANES:
        raise Problem(400, "%(pane)s is no pane: there are %(panes)s.", pane=f"{pane[:40]!r}", panes=", ".join(PANES))
    return {
        "chat": view,
        "address": address_of(key),
        "kept": kept(given),
        "pane": pane,
        "to": partial(chat_with, key, given),
        "profile": deps.profiles.selected(key) if deps.profiles is not None else None,
        "window": await window_of(deps, key),
    }


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
    shared = await _shared(request, deps, key, said)
    places = {name: sequence(given, name) for name in ("before", "after", "around") if name in given}
    if len(places) > 1:
        raise Problem(400, "A page of a chat is before, after or around one line, not two of these.")
    upto = await deps.read(deps.queries.checkpoint)  # the page may know more, and never less
    page = await deps.read(lambda: deps.queries.lines(key, SHOWN, **places))
    user = user_of(request)
    if template == "chat.html" and page.entries and user.acts:
        deps.seen.mark(key, page.entries[-1].seq, user.name)
    files = await files_of(deps, key.account) if template == "chat.html" else ()
    values: dict[str, Any] = {
        "refresh": partial(chat_with, key, given, **places),
        "page": page,
        "place": urlencode(places),
        "late": deps.now() - OVERDUE_AFTER,
        "after": upto,
        "said": said,
        "refused": refused,
        "shown": shown(page.entries, await sizes_in(deps, key, objects_of(page.entries), files)),
        "lines": lines_of(page.entries, await deps.read(deps.queries.beside, key, page.entries), deps.zone),
        "zone": deps.zone,
        "today": deps.now().astimezone(deps.zone).date(),
        "media": await media_in(deps, key, page.entries),
        "files": files,
        "attach": attach(),
        "quoted": await quoted_in(deps, key, (refused.draft if refused is not None else given).get("quote", "")),
    }
    if template == "chat.html":
        values |= await listed(request, key) | await person_of(request, deps, key, shared["chat"])
    return render(request, template, status=status, **shared, **values)


async def files_of(deps: Deps, account: str) -> Sequence[Entry]:
    """The library's files and places of the account; none while they cannot be read."""
    try:
        return await deps.library.entries(account) if deps.library is not None else ()
    except LogError as error:
        log.warning("library_unread", account=account, reason=str(error))
        return ()


async def sizes_in(deps: Deps, key: ChatKey, objects: Collection[str], files: Sequence[Entry]) -> dict[str, int]:
    """The bytes of these files as far as they are known, by their object, 0 of a file that is not kept any more;
    `files`: those of the library, if they were read already."""
    if not objects:
        return {}
    files = files or await files_of(deps, key.account)
    known = {one.part.object: one.size for one in files if one.part.object in objects}
    found = {object_: size for object_, size in known.items() if object_ is not None}
    try:
        async with asyncio.timeout(SIZES_WITHIN):
            for object_ in objects:
                if not object_.startswith(PREFIX):
                    found[object_] = await deps.files.size(key.account, object_) or 0
    except (TimeoutError, LogError) as error:
        log.warning("sizes_not_shown", chat=key.chat, reason=str(error) or f"no answer within {SIZES_WITHIN:g} s")
    return found


async def quoted_in(deps: Deps, key: ChatKey, id_: str) -> Line | None:
    """The message of the chat that is to be quoted; None if there is none that can be."""
    found = await deps.read(deps.queries.message, key, id_) if id_ else None
    return found if is_quotable(found) else None


async def window_of(deps: Deps, key: ChatKey) -> Window | None:
    """The time in which the person can be written to freely; None where no network limits it."""
    wrote = await deps.read(deps.queries.last_wrote, key)
    if wrote is None or not is_of_cloud(wrote[0]):
        return None
    end, now = closes_at(wrote[1]), deps.now()
    return Window(end, lasting(end - now) if end > now else "")


def deps_of(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


def key_of(request: Request) -> ChatKey:
    """The chat that the address names. Raises Problem."""
    account, jid = untoken(request.path_params["account"]), request.path_params["chat"]
    if not is_canonical(jid):
        raise Problem(404, "%(jid)s is not the canonical JID of a chat.", jid=f"{jid[:60]!r}")
    return ChatKey(account, jid)


async def view_of(deps: Deps, key: ChatKey) -> ChatView:
    """The chat. Raises Problem: there is none, or nothing is left of it."""
    view = await _stored(deps, key)
    if view.blank:
        raise ChatErased(key) if view.began_at else unknown(key)
    return view


class ChatErased(Problem):
    """Nothing is left of the chat."""

    heading = marked("This chat was erased")

    def __init__(self, key: ChatKey) -> None:
        text = marked(
            "Nothing is left of the chat %(person)s in the account %(account)s. If the person writes again, a new chat "
            "begins."
        )
        super().__init__(410, text, person=person(key.chat), account=key.account[:60])


async def _stored(deps: Deps, key: ChatKey) -> ChatView:
    view = await deps.read(deps.queries.chat, key, deps.now())
    if view is None:
        raise unknown(key)
    return view


def unknown(key: ChatKey) -> Problem:
    return Problem(
        404,
        "Nothing is here of the chat %(person)s in the account %(account)s: it was erased, or nobody has written in "
        "it.",
        person=person(key.chat),
        account=key.account[:60],
    )
