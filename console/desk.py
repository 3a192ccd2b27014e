"""The desk: the chats for the people who look after them, and the orders that they can give. It needs no script."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex
from typing import Any, cast, get_args
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chat.receipts import of_whole
from console.deps import Deps
from console.forms import form_of
from console.problems import Problem
from console.rendering import address_of, person, render
from events.decisions import (
    Approved,
    Attention,
    Blocked,
    Decision,
    Erased,
    Ignored,
    Paused,
    Reply,
    Reset,
    Resumed,
    TurnStarted,
)
from events.inbound import Command, Control
from events.jid import is_canonical
from events.log import LogError
from events.subjects import ChatKey, untoken
from gateways.addressing import ChatNotMeant, find
from gateways.say import NoAnswer, order, receipt
from projections.reads.views import ChatView
from projections.story.reasons import because

SHOWN = 60
"""Messages and replies of a chat that are shown at once."""

LISTED = 200
"""Chats in the list."""

OBEYED_WITHIN = 3.0
"""Seconds for which the page waits for the decision about an order."""

SENT_WITHIN = 2.0
"""Seconds for which the page waits until a gateway has sent the operator's text."""

BY = "page"

_SAID: dict[str, str] = {
    "Approved": "Approved: what is written from now on is answered.",
    "Attention": "A human was asked for.",
    "Blocked": "Blocked: nobody is answered here any more.",
    "Erased": "Erased. What is left of it is being removed.",
    "Paused": "Paused.",
    "Reply": "Sent. The chat is yours for now.",
    "not_sent": "Not sent: its “why?” tells the reason. The chat is yours for now.",
    "not_sent_yet": "Your words are stored, not sent yet: no gateway has said that it sent them. The chat is yours for "
    "now.",
    "Reset": "The next message starts a new conversation.",
    "Resumed": "Resumed: the bot answers again.",
    "TurnStarted": "Tried again.",
    "stored": "The order is stored. No instance has obeyed it yet; the next one to run will.",
}
_Obeyed = Approved | Attention | Blocked | Erased | Paused | Reply | Reset | Resumed | TurnStarted

log = structlog.get_logger("recado.console")


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
    """GET: a chat with its last lines, or the last ones before `?before=<seq>`. `?part=live` is the changing part
    alone."""
    deps, key = deps_of(request), key_of(request)
    before = _before(request)
    if (open_ := await deps.read(deps.queries.open_chat, key)) != key:
        return RedirectResponse(address_of(open_), 303)
    view = await _view(deps, key)
    found = await deps.read(deps.queries.history, key, SHOWN + 1, before)
    values: dict[str, Any] = {
        "chat": view,
        "address": address_of(key),
        "entries": found[-SHOWN:],
        "more": len(found) > SHOWN,
        "before": before,
        "after": (await deps.read(deps.queries.counts)).checkpoint,
        "said": _told(request.query_params.get("said", "")),
    }
    return render(request, "_live.html" if request.query_params.get("part") == "live" else "chat.html", **values)


async def ask_to_erase(request: Request) -> Response:
    """GET: the form that asks for the chat's name before it is erased."""
    key = key_of(request)
    view = await _view(deps_of(request), key)
    return render(request, "erase.html", chat=view, address=address_of(key), wrong=False)


async def give_order(request: Request) -> Response:
    """POST an order about the chat: a form with `command` and, depending on it, `text`, `minutes` or `confirm`.

    Puts the order into the log and redirects to the chat, which shows the result.
    """
    deps, key = deps_of(request), key_of(request)
    given = await form_of(request)
    command = given.get("command", "")
    if command not in get_args(Command):
        raise Problem(400, f"{command[:40]!r} is no order.")
    if command == "erase" and given.get("confirm", "").strip() not in (key.chat, person(key.chat)):
        view = await _view(deps, key)
        return render(request, "erase.html", status=400, chat=view, address=address_of(key), wrong=True)
    control = Control(id=token_hex(8), command=cast(Command, command), by=BY)
    try:
        key = await find(deps.log, key.chat, key.account, erased=command != "erase")
        control, before = await _with_fields(deps, control, given), await deps.log.last_of(key)
        decision = await order(deps.log, key, control, patience=OBEYED_WITHIN)
    except NoAnswer:
        said = "stored"
    except ChatNotMeant as unknown:
        raise Problem(404, _unknown(key)) from unknown
    except LogError as error:
        log.warning("order_not_stored", command=command, reason=str(error))
        raise Problem(503, f"Not stored: {error}.") from error
    else:
        said = await _sent(deps, key, decision, before) if isinstance(decision, Reply) else _name(decision)
    return RedirectResponse(f"{address_of(key)}?said={quote(said)}", 303)


def deps_of(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


def key_of(request: Request) -> ChatKey:
    """The chat that the address names. Raises Problem."""
    account, jid = untoken(request.path_params["account"]), request.path_params["chat"]
    if not is_canonical(jid):
        raise Problem(404, f"{jid[:60]!r} is not the canonical JID of a chat.")
    return ChatKey(account, jid)


async def _view(deps: Deps, key: ChatKey) -> ChatView:
    view = await deps.read(deps.queries.chat, key)
    if view is None:
        raise Problem(404, _unknown(key))
    return view


def _unknown(key: ChatKey) -> str:
    return f"Nobody has written in the chat {person(key.chat)} of the account {key.account[:60]}."


async def _sent(deps: Deps, key: ChatKey, reply: Reply, before: int) -> str:
    """The name in _SAID for the reply's last receipt."""
    try:
        last = await receipt(deps.log, key, reply.id, after=before, patience=SENT_WITHIN)
    except LogError as error:
        log.warning("receipt_unknown", reason=str(error))
        last = None
    state = of_whole(last.state, last.part, last.parts, last.template) if last is not None else None
    if state in ("accepted", "sent", "delivered", "read"):
        return "Reply"
    return "not_sent" if state in ("failed", "parked") else "not_sent_yet"


async def _with_fields(deps: Deps, control: Control, given: dict[str, str]) -> Control:
    """The order with the form's fields. Raises Problem, LogUnavailable."""
    minutes = given.get("minutes", "")
    if control.command == "send":
        text = given.get("text", "").replace("\r\n", "\n").strip()
        if not text:
            raise Problem(400, "There is nothing to send.")
        return Control(id=control.id, command="send", text=text, by=BY)
    if control.command == "pause" and minutes:
        if not (minutes.isascii() and minutes.isdigit() and 0 < int(minutes) <= 525_600):
            raise Problem(400, f"{minutes[:20]!r} is no number of minutes.")
        until = (await deps.log.head()).now + timedelta(minutes=int(minutes))
        return Control(id=control.id, command="pause", until=until, by=BY)
    return control


def _name(decision: Decision) -> str:
    return f"ignored:{decision.reason}" if isinstance(decision, Ignored) else type(decision).__name__


def _told(said: str) -> str:
    if said.startswith("ignored:"):
        return f"Not done: {because(said.removeprefix('ignored:')[:60])}."
    return _SAID.get(said, "")


def _before(request: Request) -> int | None:
    given = request.query_params.get("before")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise Problem(400, f"before is a sequence of the log, a whole number, not {given[:40]!r}.")
    return int(given)
