"""Receives Meta's webhooks: answers a POST with 200 once the log has all of it, and with 503 if it has not.

Meta tries again for up to 7 days, so a 503 loses nothing; an update that was stored before it is stored once.
https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import sha256

import msgspec
import structlog
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from events.inbound import Receipt
from events.log import EventLog, EventTooLarge, LogError
from events.numbers import whole_number
from events.subjects import ChatKey
from gateways.cloud.fields import counted_as
from gateways.cloud.keeping import keep
from gateways.cloud.lines import is_number
from gateways.cloud.parsing import Parser
from gateways.cloud.updates import Arrived, News, Notice, Renamed, Unread, Unserved
from gateways.intake import Intake, NoPeople, People

PATH = "/webhook"
LARGEST = 4 * 1024 * 1024
"""Bytes; Meta sends 3 MB at most."""

SMALL = 64 * 1024
"""Bytes; a larger body waits for one of BODIES_AT_ONCE slots before more of it is read."""

BODIES_AT_ONCE = 8
BODY_WITHIN = 20.0
"""Seconds for a body to arrive."""

SLOT_WITHIN = 5.0
"""Seconds for the rest of a body that has a slot, so that eight slow ones hold up no other for longer."""

_TELL_EVERY = 10.0
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_CLOSE = {"connection": "close"}

_LONGEST_VALUE = 1000
_LETTER = 512 * 1024
"""Bytes of a dead letter; the server takes 1 MB in one message unless it is configured otherwise."""

log = structlog.get_logger("recado.gateway")

UPDATES = Counter("recado_webhook_updates", "Updates that webhooks brought, by what became of them", ["outcome"])
NEWS = Counter("recado_account_updates", "News of the account in webhooks, by field", ["field"])
POSTS = Counter("recado_webhook_posts", "Webhooks, by the status they were answered with", ["status"])


class Webhook:
    """The HTTP side of an app's numbers. Meta signs each POST with `app_secret`, and asks for `verify_token` once, when
    the address is entered.

    - `account`: has the dead letters of updates that name no number. With `alone` also those for other numbers, which
      otherwise lie under the numbers' ids.
    - `look_again`: adds numbers that came to the parser's lines; called where an update names an unknown one.
    """

    def __init__(
        self,
        event_log: EventLog,
        account: str,
        parser: Parser,
        *,
        app_secret: str,
        verify_token: str,
        people: People | None = None,
        alone: bool = False,
        look_again: Callable[[], Awaitable[object]] | None = None,
        heard: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._heard = heard
        self._log = event_log
        self._account = account
        self._alone = alone
        self._look_again = look_again
        self._parser = parser
        self._intake = Intake(event_log, people)
        self._people = people or NoPeople()
        self._secret = app_secret.encode()
        self._verify_token = verify_token
        self._slots = asyncio.Semaphore(BODIES_AT_ONCE)
        self._refused = Refused()

    def app(self, others: Sequence[Route] = ()) -> Starlette:
        """The webhook as an ASGI app, with the routes `others`."""
        app = Starlette(routes=[Route(PATH, self._asked, methods=["GET", "POST"]), *others])
        app.state.closing = asyncio.Event()
        return app

    async def _asked(self, request: Request) -> Response:
        return await (self._take(request) if request.method == "POST" else self._verify(request))

    async def _verify(self, request: Request) -> Response:
        """Answer Meta's question when the address is entered: repeat the challenge if the token is right."""
        asked = request.query_params
        token = asked.get("hub.verify_token", "")
        if asked.get("hub.mode") == "subscribe" and _same(token, self._verify_token):
            log.info("webhook_verified")
            return PlainTextResponse(asked.get("hub.challenge", ""))
        log.warning("webhook_not_verified", help="enter the value of WHATSAPP_VERIFY_TOKEN in the app's dashboard")
        return PlainTextResponse("the verify token is another one\n", 403)

    async def _take(self, request: Request) -> Response:
        answer = await self._answer(request)
        POSTS.labels(answer.status_code).inc()
        return answer

    async def _answer(self, request: Request) -> Response:
        signature = request.headers.get("x-hub-signature-256", "")
        if _SIGNATURE.fullmatch(signature) is None:
            # Refused before the body is read, which may be of any size and come at any pace.
            return self._refuse("no signature", "the signature is not this app's\n", 403)
        try:
            async with asyncio.timeout(BODY_WITHIN) as limit:
                body = await self._body(request, limit)
        except ClientDisconnect:
            return self._refuse("the body did not arrive", "the body did not arrive\n", 400)
        except TimeoutError:
            return self._refuse("too slow", "the body did not arrive in time\n", 408)
        if body is None:
            return self._refuse("too large", f"more than {LARGEST} bytes\n", 413)
        if not _same(signature, f"sha256={self._signature(body)}"):
            return self._refuse("bad signature", "the signature is not this app's\n", 403)
        try:
            await self._store(body)
        except LogError as refusal:
            log.warning("webhook_not_stored", reason=str(refusal), then="WhatsApp sends it again")
            return PlainTextResponse("not stored, send it again\n", 503)
        except Exception:
            log.exception("webhook_not_stored", reason="a defect", then="WhatsApp sends it again")
            return PlainTextResponse("not stored, send it again\n", 503)
        return PlainTextResponse("stored\n")

    def _refuse(self, reason: str, text: str, status: int) -> Response:
        self._refused.tell(reason)
        return PlainTextResponse(text, status, headers=_CLOSE)

    async def _body(self, request: Request, limit: asyncio.Timeout) -> bytes | None:
        """The raw bytes; None if there are more than LARGEST. Raises ClientDisconnect."""
        if (whole_number(request.headers.get("content-length", "")) or 0) > LARGEST:
            return None
        pieces, size, holding = [], 0, False
        try:
            async for piece in request.stream():
                size += len(piece)
                if size > LARGEST:
                    return None
                if size > SMALL and not holding:
                    await self._slots.acquire()
                    holding = True
                    until = asyncio.get_running_loop().time() + SLOT_WITHIN
                    limit.reschedule(min(until, limit.when() or until))
                pieces.append(piece)
            return b"".join(pieces)
        finally:
            if holding:
                self._slots.release()

    def _signature(self, body: bytes) -> str:
        return hmac.new(self._secret, body, sha256).hexdigest()

    async def _store(self, body: bytes) -> None:
        """Return when the log has everything. Raises LogError if it does not take all."""
        updates = self._parser.parse(body)
        if self._look_again is not None and any(isinstance(update, Unserved) for update in updates):
            await self._look_again()
            updates = self._parser.parse(body)  # also if the number came by another look meanwhile
        arrived = [update for update in updates if isinstance(update, Arrived)]
        for update in updates:
            if isinstance(update, Notice):
                # Other programs may send much with this number; other notices are rare.
                tell = log.debug if update.what in ("other_status", "other_call") else log.info
                tell(update.what, account=update.account, **update.about)
                UPDATES.labels(update.what).inc()
        await asyncio.gather(*(self._tell(update) for update in updates if isinstance(update, News)))
        failed: dict[str, LogError] = {}  # by account: its later messages wait, and no other number's
        for update in updates:
            if isinstance(update, Renamed) and update.account not in failed:
                try:
                    await self._rename(update)
                except LogError as fault:
                    failed[update.account] = fault
        refusal = await self._no_room() if any(not isinstance(each.event, Receipt) for each in arrived) else None
        waits = {each.key.account for each in arrived} if refusal is not None else set(failed)
        taken = [each for each in arrived if each.key.account not in waits or isinstance(each.event, Receipt)]
        # All at once: one after the other, a batch of 1,000 would take a second. They are published in their order.
        done = await asyncio.gather(*(self._keep(update) for update in taken), return_exceptions=True)
        _raise_first([*done, refusal, *failed.values()])
        for update in updates:
            if isinstance(update, Unread):
                await self._bury(update)

    async def _rename(self, update: Renamed) -> None:
        """Have the names of a person changed, before any message of the batch comes under the new ones; the chat, if
        there is one, is told."""
        person = await self._people.renamed(update.account, update.former, update.now, update.since)
        log.info("renamed", account=update.account, then="the chat goes on under the new name" if person else "no chat")
        UPDATES.labels("renamed").inc()
        if person is not None:
            await self._intake.store(ChatKey(update.account, person.chat), update.note)

    async def _tell(self, news: News) -> None:
        """Log, count and keep news of the account. It is in the log lines in any case, so it fails no webhook."""
        update = news.update
        value = msgspec.json.encode(update.value).decode()[:_LONGEST_VALUE]
        NEWS.labels(counted_as(update.field)).inc()
        for account in news.accounts or (None,):
            log.info("account_update", account=account, field=update.field, value=value)
            try:
                if account is not None:
                    self._heard(account)
                    await self._log.note(account, update)
            except LogError as refusal:
                then = "goes on without"
                log.warning("account_update_not_kept", field=update.field, reason=str(refusal), then=then)

    async def _no_room(self) -> LogError | None:
        """The error with which the log refuses messages now; None if it takes them. It may still take receipts."""
        try:
            await self._intake.room()
        except LogError as refusal:
            return refusal
        return None

    async def _keep(self, arrived: Arrived) -> None:
        key = arrived.key
        try:
            await keep(self._log, self._intake, key, arrived.event)
        except EventTooLarge as refusal:
            await self._bury(Unread(bytes(arrived.raw), str(refusal), key.account), key.chat)
        else:
            UPDATES.labels("stored").inc()

    async def _bury(self, unread: Unread, chat: str | None = None) -> None:
        """Keep an update that is no event (of `chat`, if that is known) as it came, as dead letters of a size that the
        server takes."""
        account, name = self._account_of(unread), sha256(unread.raw).hexdigest()
        pieces = [unread.raw[start : start + _LETTER] for start in range(0, len(unread.raw), _LETTER)] or [b""]
        for number, piece in enumerate(pieces, 1):
            which = f" (piece {number} of {len(pieces)})" if len(pieces) > 1 else ""
            reason = f"{unread.reason[:300]}{which}"
            await self._log.bury(account, piece, reason=reason, msg_id=f"webhook:{name}:{number}", chat=chat)
        log.warning("update_unread", account=account, reason=unread.reason[:300], then="kept as a dead letter")
        UPDATES.labels("unserved" if isinstance(unread, Unserved) else "unread").inc()

    def _account_of(self, unread: Unread) -> str:
        if isinstance(unread, Unserved) and not self._alone and is_number(unread.number):
            return unread.number
        return unread.account or self._account


class Refused:
    """Logs refused webhooks: the first at once, then one line for all that come within ten seconds."""

    def __init__(self) -> None:
        self._next = 0.0
        self._untold = 0

    def tell(self, reason: str) -> None:
        now = time.monotonic()
        if now < self._next:
            self._untold += 1
            return
        log.warning(
            "webhook_refused",
            reason=reason,
            help="is WHATSAPP_APP_SECRET this app's secret? Others may also call this address",
            refused_before=self._untold,
        )
        self._next, self._untold = now + _TELL_EVERY, 0


def _same(given: str, expected: str) -> bool:
    """True if two texts are equal, in constant time."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _raise_first(outcomes: Iterable[BaseException | None]) -> None:
    """Raise the first failure, but a defect before an outage, so that the outage does not hide it."""
    failures = [outcome for outcome in outcomes if outcome is not None]
    for failure in sorted(failures, key=lambda failure: isinstance(failure, LogError)):
        raise failure
