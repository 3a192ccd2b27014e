"""The desk's orders about a chat. Each form has the id of its order, so the same form twice is one order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import NamedTuple, Self, cast

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.access import may_order, user_of
from console.attached import Attached, attached
from console.composing import FIELDS, Composed, Unfit, composed
from console.confirming import CONFIRMED, is_confirmed, question
from console.deps import Deps
from console.desk import attach, deps_of, key_of, page_of, unknown
from console.forms import form_of
from console.languages import translate_of
from console.list_links import kept, list_alone
from console.not_taken import NotTaken
from console.outcomes import Refused, not_done, outcome_of, said_of, tell
from console.problems import Problem, answer, is_of_a_form
from console.rendering import address_of, render
from console.shown_parts import is_quotable
from console.teamwork import check_assigned, with_work
from console.uploads import Upload, is_upload, upload_of
from console.wording import person
from events.decisions import Erased, Ignored, Reply
from events.inbound import Command, Control
from events.library import Entry
from events.log import LogError, LogUnavailable
from events.numbers import whole_number
from events.parts import Part
from events.subjects import ChatKey
from events.users import User
from gateways.addressing import ChatNotMeant, find
from gateways.say import NoAnswer, decided, give, stored_order, way
from projections.reads.control_view import ControlView
from projections.reads.reader import ProjectionMissing

OBEYED_WITHIN = 3.0
"""Seconds for which the page waits for the decision about an order."""

SENT_WITHIN = 2.0
"""Seconds for which the page waits until a gateway has sent the operator's text."""

OFFERED = frozenset({
    "approve", "assign", "block", "erase", "handoff", "label", "note", "pause", "reopen", "reset", "resolve", "resume",
    "retry", "send", "snooze",
})  # fmt: skip
"""Orders that a person may give here."""

_DRAFTED = {"label": ("add",), "note": ("text",), "send": FIELDS}
"""The fields with words of a user, by command."""

_ID = re.compile("[0-9a-f]{16}")

log = structlog.get_logger("recado.console")


class _Given(NamedTuple):
    """An order that was given before under the same id: its sequence, and its fields; `at` is the server's stamp."""

    seq: int
    at: datetime
    command: str
    text: str | None
    until: datetime | None
    parts: tuple[Part, ...]
    quote: str | None
    to: str | None
    add: tuple[str, ...]
    remove: tuple[str, ...]

    @classmethod
    def of(cls, seq: int, at: datetime, order: Control | ControlView) -> Self:
        return cls(seq, at, *(getattr(order, name) for name in cls._fields[2:]))


async def ask(request: Request) -> Response:
    """GET: the page that an order of CONFIRMED is given on."""
    command = request.path_params["command"]
    if command == "orders":  # the address of a form, reloaded
        return RedirectResponse(address_of(key_of(request)), 303)
    if command not in CONFIRMED or not may_order(user_of(request), command):
        raise Problem(404, "There is no such page.")
    return await question(request, command)


async def give_order(request: Request) -> Response:
    """POST an order about the chat: a form with `id`, `command` and, depending on it, `text`, `minutes`, `confirm`,
    `to`, `add` or `remove`.

    Puts the order into the log and redirects to the chat, which shows the outcome. The same form again has the same
    outcome. A refused order leads to the same form, with the words in it. The script of the page is answered with JSON:
    `to`, the address of the chat; `said`, the outcome in words; `id`, the id of the form's next order. An order that
    was not taken, or not done, is answered with `error`, `field` and `id`.
    """
    if not is_upload(request):
        return await _obey(request, Upload(await form_of(request)))
    async with upload_of(request, request.app.state.uploads) as upload:
        return await _obey(request, upload)


async def _obey(request: Request, upload: Upload) -> Response:
    deps, given = deps_of(request), upload.fields
    key = await open_chat(deps, key_of(request))
    try:
        control = order_in(given, user_of(request))
        command, id_ = control.command, control.id
        if command in CONFIRMED and not is_confirmed(command, given, key):
            if is_of_a_form(request.headers):
                _ = translate_of(request)
                wrong = _("That is not %(number)s. Nothing was erased.", number=person(key.chat))
                return answer({"error": wrong, "field": "confirm", "id": id_}, 400)
            return await question(request, command, status=400, id_=id_, wrong="confirm" in given)
        outcome = await _outcome(request, key, control, upload)
    except NotTaken as refusal:
        return await _refused(request, given, refusal)
    return told_outcome(request, key, outcome, command)


def told_outcome(request: Request, key: ChatKey, outcome: str, said_as: str) -> Response:
    """The answer to the form of an order that has an outcome; `said_as`: the name under which the page says it."""
    to = address_of(key) + kept(request.query_params)
    if not is_of_a_form(request.headers):
        done = RedirectResponse(to, 303)
        tell(done, key, outcome, said_as)
        return done
    said = said_of(translate_of(request), outcome, said_as)
    words = said.text if said is not None else ""
    if outcome == Erased.__name__:
        to = list_alone(request.query_params)  # there is no such chat any more
    return answer({"to": to, "said": words, "id": token_hex(8)})


async def open_chat(deps: Deps, key: ChatKey) -> ChatKey:
    """The person's chat: a page that is open in a browser may be of one that has closed into it since."""
    try:
        return await deps.read(deps.queries.open_chat, key)
    except ProjectionMissing:
        return key


def order_in(given: Mapping[str, str], user: User) -> Control:
    """The order of a form that the user posted, without the fields that only some orders have. Raises NotTaken."""
    command, id_ = given.get("command", ""), given.get("id", "")
    if command not in OFFERED:
        raise NotTaken(400, "%(command)s is no order.", command=f"{command[:40]!r}")
    if not may_order(user, command):
        raise NotTaken(403, "Only an owner may give this order. Nothing was done.")
    if not _ID.fullmatch(id_):
        raise NotTaken(400, "This form has no valid order id, so nothing was done. Press the button again.")
    return Control(id=id_, command=cast(Command, command), by=user.name)


async def _outcome(request: Request, key: ChatKey, control: Control, upload: Upload) -> str:
    """The outcome of a form's order. Raises NotTaken."""
    deps, given = deps_of(request), upload.fields
    minutes = _minutes(given) if control.command in ("pause", "snooze") else None
    control = with_work(control, given, minutes)
    if control.command != "send":
        return await ordered(deps, key, control, minutes)
    if not upload.files:
        said = await _composed(deps, key, given)
    else:
        async with request.app.state.reading_files:
            try:
                files = await attached(request, key, control.id, upload)
            except Unfit as unfit:
                raise NotTaken(400, unfit.text, field=unfit.field, **unfit.values) from unfit
            said = await _composed(deps, key, given, [file.part for file in files])
            await _store(deps, key, files)
    return await ordered(
        deps, key, msgspec.structs.replace(control, text=said.text, parts=said.parts, quote=said.quote)
    )


async def _store(deps: Deps, key: ChatKey, files: Sequence[Attached]) -> None:
    """Store the files of an order, before the order: it is in the log with all of them, or not at all."""
    try:
        await find(deps.log, key.chat, key.account, erased=True)
        for file in files:
            await deps.files.keep(file.content, file.name)
    except ChatNotMeant as refusal:
        gone = unknown(key)
        raise NotTaken(404, gone.text, **gone.values) from refusal
    except LogError as error:
        log.warning("files_not_stored", chat=key.chat, reason=str(error))
        raise NotTaken(
            503, "The files cannot be stored now: %(reason)s. Nothing was sent.", same=True, reason=error
        ) from error


async def ordered(deps: Deps, key: ChatKey, control: Control, minutes: int | None = None) -> str:
    """Give the order, unless it was given before, and name its outcome; `minutes`: those of a pause or a snooze.
    Raises NotTaken."""
    try:
        seq = await _given(deps, key, control, minutes)
    except ChatNotMeant as refusal:
        if control.command == "erase" and await _is_erased_by(deps, key, control.id):
            return Erased.__name__
        gone = unknown(key)
        raise NotTaken(404, gone.text, **gone.values) from refusal
    except LogUnavailable as error:
        log.warning("order_perhaps_not_stored", command=control.command, reason=str(error))
        raise NotTaken(
            503,
            "It is not known whether this was stored: %(reason)s. Press the button again: it counts once.",
            same=True,
            reason=error,
        ) from error
    except LogError as error:
        log.warning("order_not_stored", command=control.command, reason=str(error))
        raise NotTaken(503, "Not stored: %(reason)s.", same=True, reason=error) from error
    try:
        decision = await decided(deps.log, key, control.id, after=seq, patience=OBEYED_WITHIN)
        if isinstance(decision, Ignored):
            raise not_done(decision)
        return await _sent(deps, key, decision, seq) if isinstance(decision, Reply) else outcome_of(decision)
    except NoAnswer:
        return "stored"
    except LogError as error:
        log.warning("outcome_unknown", command=control.command, reason=str(error))
        return "stored"


async def _given(deps: Deps, key: ChatKey, control: Control, minutes: int | None) -> int:
    """The sequence of the order, which is stored unless its id was. Raises NotTaken, ChatNotMeant, LogError."""
    first = await _in_projection(deps, key, control.id)
    if first is None:
        check_assigned(deps.entrance.stored, key.account, control)
        await find(deps.log, key.chat, key.account, erased=control.command != "erase")
        if minutes is not None:
            until = (await deps.log.head()).now + timedelta(minutes=minutes)
            control = msgspec.structs.replace(control, until=until)
        stored = await give(deps.log, key, control)
        if not stored.duplicate:
            return stored.seq
        # The projection may not have it yet; an erased order is in neither.
        there = await stored_order(deps.log, key, stored.seq, patience=OBEYED_WITHIN)
        if there is None:
            return stored.seq
        first = _Given.of(stored.seq, *there)
    if not _is_same(first, control, minutes):
        raise NotTaken(409, "This form was sent before, with another content. If you want this too, press again.")
    return first.seq


async def _in_projection(deps: Deps, key: ChatKey, id_: str) -> _Given | None:
    try:
        known = await deps.read(deps.queries.order, key, id_)
    except ProjectionMissing:  # then the log's own memory of the last ten minutes has to do
        return None
    return _Given.of(known.seq, known.at, known) if known is not None else None


def _is_same(first: _Given, control: Control, minutes: int | None) -> bool:
    """True if it is the same order; `minutes`: those of a pause or a snooze."""
    length = round((first.until - first.at) / timedelta(minutes=1)) if first.until is not None else None
    now = _Given.of(first.seq, first.at, control)._replace(until=first.until)
    return first == now and length == minutes


async def _is_erased_by(deps: Deps, key: ChatKey, id_: str) -> bool:
    """True if the order `id_` has erased the chat, and nothing was decided since."""
    last = await deps.log.last_decision(key)
    return last is not None and isinstance(last.event, Erased) and last.event.cause == id_


async def _refused(request: Request, given: Mapping[str, str], refusal: NotTaken) -> Response:
    """The chat with the reason, and with the words in their form; where the chat cannot be shown, these alone."""
    command = given.get("command", "")
    draft = {name: given[name] for name in _DRAFTED.get(command, ()) if given.get(name)}
    reason = refusal.said(translate_of(request))
    if is_of_a_form(request.headers):
        id_ = given.get("id", "") if refusal.same else token_hex(8)
        return answer({"error": reason, "field": refusal.field, "id": id_}, refusal.status)
    refused = Refused(reason, given["id"] if refusal.same else token_hex(8), draft, refusal.field, command)
    try:
        return await page_of(request, status=refusal.status, refused=refused)
    except (Problem, ProjectionMissing):
        values = {
            "error": reason,
            "heading": Problem.heading,
            "erased": False,
            "back": list_alone(request.query_params),
            "refused": refused,
            "address": address_of(key_of(request)),
            "attach": attach(),
        }
        return render(request, "problem.html", status=refusal.status, **values)


async def _sent(deps: Deps, key: ChatKey, reply: Reply, after: int) -> str:
    """The name of the outcome by the reply's receipts."""
    progress = (await way(deps.log, key, reply.id, after=after, patience=SENT_WITHIN)).progress
    state = progress.state
    if state in ("accepted", "sent", "delivered", "read"):
        return "sent_in_part" if progress.missing else "Reply"
    return "not_sent" if state in ("failed", "parked") else "not_sent_yet"


async def _composed(deps: Deps, key: ChatKey, given: Mapping[str, str], attached_: Sequence[Part] = ()) -> Composed:
    async def entry(name: str) -> Entry | None:
        return await deps.library.entry(key.account, name) if deps.library is not None else None

    async def is_known(message: str) -> bool:
        try:
            return is_quotable(await deps.read(deps.queries.message, key, message))
        except ProjectionMissing:  # then the gateway tells: a quote that it does not know is left out
            return True

    try:
        return await composed(given, entry, is_known, attached_)
    except Unfit as unfit:
        raise NotTaken(400, unfit.text, field=unfit.field, **unfit.values) from unfit
    except LogUnavailable as error:
        raise NotTaken(503, "The file cannot be looked up now: %(reason)s. Nothing was sent.", reason=error) from error


def _minutes(given: Mapping[str, str]) -> int | None:
    text = given.get("minutes", "")
    if not text:
        return None
    minutes = whole_number(text)
    if minutes is None or not 0 < minutes <= 525_600:
        raise NotTaken(400, "%(minutes)s is no number of minutes.", minutes=f"{text[:20]!r}")
    return minutes
