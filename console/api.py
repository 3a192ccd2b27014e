"""The page's HTTP API: lists the chats, reads one, and posts messages into it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Annotated

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from console.bubbles import Bubble, of_history
from console.deps import Deps, ModelInfo
from console.problems import Problem, answer, body_of
from console.stream import EventStream
from events.jid import is_canonical
from events.log import EventTooLarge, LogFull, LogUnavailable
from events.numbers import whole_number
from events.subjects import ChatKey
from gateways.local.simulator import Simulator
from gateways.local.taps import Tap
from projections.reads.chat_list import Asked
from projections.reads.reader import ProjectionMissing
from projections.reads.views import ChatView, Entry

SHOWN = 60
"""Messages and replies of a chat on a page of its history."""

CHATS = 50
"""Chats in the list."""

_RECEIPT_WITHIN = 5.0

log = structlog.get_logger("recado.console")


class ChatLine(msgspec.Struct, frozen=True):
    """A chat in the list.

    - `chat`: its JID.
    - `name`: the person's name.
    - `phone`: whether it is one of the simulated phones.
    - `at`: when the last message or reply came; None for an empty chat.
    - `text`: the text of the last message or reply.
    """

    chat: str
    name: str | None
    phone: bool
    at: datetime | None = None
    text: str | None = None


class Overview(msgspec.Struct, frozen=True):
    """The page before a chat is open.

    - `account`: the account of the simulated phones.
    - `model`: the model that writes the replies.
    - `can_write`: whether there are simulated phones.
    - `chats`: the list of chats: the simulated phones and the CHATS with the latest activity.
    - `all`: the number of the account's chats, with those that are not in the list.
    """

    account: str
    model: ModelInfo
    can_write: bool
    chats: tuple[ChatLine, ...]
    all: int


class History(msgspec.Struct, frozen=True):
    """A page of a chat's history.

    - `entries`: messages and replies, the oldest first.
    - `bubbles`: the messages of replies with parts, by their ids.
    - `more`: whether there are older ones.
    - `after`: the sequence after which a stream of the chat goes on.
    """

    entries: tuple[Entry, ...]
    bubbles: dict[str, tuple[Bubble, ...]]
    more: bool
    after: int


class NewMessage(msgspec.Struct, frozen=True):
    """A typed message, or a tapped choice. The client chooses its `id` and keeps it for every try, so that the message
    counts once."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
    chat: str
    text: str
    tap: Tap | None = None


class Stored(msgspec.Struct, frozen=True):
    """The message is in the log, at the sequence `seq`."""

    id: str
    seq: int
    duplicate: bool


class SeenReplies(msgspec.Struct, frozen=True):
    """Replies that the person sees on the screen."""

    replies: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=256)], ...], msgspec.Meta(max_length=500)
    ]


async def overview(request: Request) -> Response:
    """GET: an Overview. The simulated phones come first, then the chats with the latest activity."""
    deps = _deps(request)
    contacts = deps.simulator.contacts if deps.simulator is not None else ()
    phones = {contact.chat: contact.name for contact in contacts}
    try:
        known, stored = await deps.read(_listed, deps, phones)
    except ProjectionMissing:
        # The list comes at once; the texts come once the projection is built.
        known, stored = {}, 0
    lines = [_line(chat, name, known.get(chat)) for chat, name in phones.items()]
    lines += [_line(view.chat, None, view) for view in known.values() if view.chat not in phones]
    new = sum(chat not in known for chat in phones)
    return answer(Overview(deps.account, deps.model, deps.simulator is not None, tuple(lines), stored + new))


def _listed(deps: Deps, phones: Collection[str]) -> tuple[dict[str, ChatView], int]:
    """The chats of the phones that have something said in them, and the latest of all; and how many there are."""
    page = deps.queries.page(Asked(account=deps.account), deps.now(), CHATS)
    known = {view.chat: view for view in page.chats}
    for chat in set(phones).difference(known) if page.all > len(known) else ():
        view = deps.queries.chat(ChatKey(deps.account, chat))
        if view is not None and (view.messages or view.replies):
            known[chat] = view
    return known, page.all


async def history(request: Request) -> Response:
    """GET `?before=<seq>`: a History of the chat's last SHOWN lines, or of the last ones before a sequence."""
    before = _number(request.query_params.get("before"), "before")
    deps = _deps(request)
    found = await deps.read(deps.queries.history, _key(request), SHOWN + 1, before)
    entries = found[-SHOWN:]
    after = entries[0].seq - 1 if entries else 0
    bubbles = await of_history(deps, _key(request), entries)
    return answer(History(entries, bubbles, len(found) > SHOWN, after))


async def write(request: Request) -> Response:
    """POST a NewMessage: store a person's message. Answers with Stored once the log has it."""
    deps, simulator = _deps(request), await _simulator(request)
    message = await body_of(request, NewMessage)
    if not is_canonical(message.chat):
        raise Problem(400, "%(jid)s is not the canonical JID of a chat.", jid=repr(message.chat[:60]))
    if not message.text.strip():
        raise Problem(400, "The message is empty.")
    try:
        if message.tap is not None:
            stored = await simulator.tap(message.chat, message.tap, id=message.id)
        else:
            stored = await simulator.publish(message.chat, message.text, id=message.id)
    except EventTooLarge as error:
        raise Problem(413, "The message is too long: %(reason)s.", reason=error) from error
    except LogFull as error:
        raise Problem(503, "Not stored: %(reason)s.", reason=error) from error
    except LogUnavailable as error:
        log.warning("message_not_stored", account=deps.account, reason=str(error))
        raise Problem(503, "Not stored, the bus does not answer: %(reason)s.", reason=error) from error
    return answer(Stored(message.id, stored.seq, stored.duplicate), 201)


async def seen(request: Request) -> Response:
    """POST SeenReplies: write `read` receipts for the replies on the screen."""
    simulator = await _simulator(request)
    replies = await body_of(request, SeenReplies)
    try:
        async with asyncio.timeout(_RECEIPT_WITHIN):
            await simulator.read(_key(request).chat, replies.replies)
    except TimeoutError:
        raise Problem(503, "Not stored: the log takes no receipts now.") from None
    return Response(status_code=204)


async def stream(request: Request) -> ASGIApp:
    """GET `?after=<seq>`: an EventStream of the chat. The header Last-Event-ID takes precedence over `after`."""
    resumed = request.headers.get("last-event-id")
    given = resumed or request.query_params.get("after")
    after = _number(given, "Last-Event-ID" if resumed else "after") or 0
    deps = _deps(request)
    try:
        head = await deps.log.head()
    except LogUnavailable as error:
        raise Problem(503, "The bus does not answer: %(reason)s.", reason=error) from error
    state = request.app.state
    return EventStream(deps, _key(request), after, head.created, closing=state.closing, open_streams=state.open_streams)


def _deps(request: Request) -> Deps:
    deps: Deps = request.app.state.deps
    return deps


async def _simulator(request: Request) -> Simulator:
    deps = _deps(request)
    if deps.simulator is None:
        raise Problem(
            409,
            "There are no simulated phones here: recado up has them, unless the account is that of a real number. "
            "recado serve only shows the chats.",
        )
    try:
        is_real = await deps.is_real()
    except LogUnavailable as error:
        raise Problem(503, "Not stored, the bus does not answer: %(reason)s.", reason=error) from error
    if is_real:
        log.warning("message_not_stored", account=deps.account, reason="the account is that of a real number")
        raise Problem(
            409,
            "The account %(account)s is that of a real number: a message that no person wrote is not put into its "
            "chats. Set RECADO_ACCOUNT to another name for the simulated phones.",
            account=deps.account,
        )
    return deps.simulator


def _key(request: Request) -> ChatKey:
    chat = request.path_params["chat"]
    if not is_canonical(chat):
        raise Problem(404, "%(jid)s is not the canonical JID of a chat.", jid=repr(chat[:60]))
    return ChatKey(request.query_params.get("account") or _deps(request).account, chat)


def _number(given: str | None, what: str) -> int | None:
    if given is None:
        return None
    if (number := whole_number(given)) is None:
        raise Problem(
            400, "%(name)s is a sequence of the log, a whole number, not %(text)s.", name=what, text=repr(given[:40])
        )
    return number


def _line(chat: str, phone_of: str | None, view: ChatView | None) -> ChatLine:
    if view is None:
        return ChatLine(chat, phone_of, phone_of is not None)
    return ChatLine(chat, phone_of or view.name, phone_of is not None, view.last_at, view.last_text)
