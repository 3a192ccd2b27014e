"""A double of Meta's Graph API on loopback: it checks what it is sent, keeps it, limits it, fails when told to, and
sends signed webhooks to whoever registered.

In a test's own process: `async with GraphDouble() as meta: … meta.url … meta.fail(code=131056) … meta.tell(…)`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal, Self

import aiohttp
import msgspec
from aiohttp import web

from tests.doubles import graph_webhooks as hooks
from tests.doubles import hostile
from tests.doubles.graph_limits import Limits
from tests.doubles.graph_media import MediaDouble
from tests.doubles.graph_templates import TemplatesDouble
from tests.doubles.graph_uploads import Uploads
from tests.doubles.graph_wire import Mark, Send, wrong_with
from tests.waiting import until

ACCESS_TOKEN = "EAAGdouble0123456789"
VERSION = "v24.0"

HTTP_OF = {
    0: 401, 190: 401, 3: 500, 10: 403, 200: 403, 299: 403, 368: 403, 131005: 403, 131031: 403, 130497: 403, 1: 400,
    2: 503, 131000: 500, 131016: 500, 131057: 500, 133004: 503, 131045: 500,
}  # fmt: skip
"""The HTTP status of an error, by its code, where Meta's list gives another one than 400."""

Kind = Literal["error", "http", "drop", "lost", "hang", "endless", "redirect"]
Step = Literal["arrived", "accepted", "answered"]


class Fault(msgspec.Struct):
    """What is done to the next `times` messages (to `to` alone, if it is given).

    error: refused with `code` and `subcode`, with the HTTP status that Meta gives it. http: `status` with a body that
    is not Meta's. drop: the connection ends and nothing was taken. lost: it was taken, and the answer is lost. hang: so
    too, and the connection stays open without a word. endless: it was taken, and the answer never ends. redirect:
    nothing was taken, and the answer points elsewhere.
    """

    kind: Kind
    code: int = 0
    subcode: int | None = None
    status: int = 500
    to: str | None = None
    times: int = 1


class Taken(msgspec.Struct):
    """A message that WhatsApp has taken."""

    id: str
    to: str
    text: str | None
    tracker: str | None
    template: str | None = None
    quoted: str | None = None
    at: float = 0.0
    number: str = hooks.PHONE_NUMBER_ID
    type: str = "text"
    object: Any = None


class GraphDouble:
    """The numbers of an app at Meta's; `tokens` has the token of each."""

    def __init__(self, limits: Limits | None = None, *, port: int = 0) -> None:
        self.tokens = {hooks.PHONE_NUMBER_ID: ACCESS_TOKEN}
        self.true_names: dict[str, str] = {}
        """The `wa_id` of a number that WhatsApp knows in another form."""
        self.taken: list[Taken] = []
        self.marks: list[Mark] = []
        self.unauthorized = 0
        self.refused: list[tuple[int, str]] = []
        self.violations: list[str] = []
        self.webhook: str | None = None
        self.statuses: tuple[str, ...] = ()
        """What is told of each message by itself, once it is taken."""
        self.on_step: Callable[[Step, str], None] = lambda _step, _to: None
        self.quality = "GREEN"
        self.level, self.on_biz_app = "STANDARD", False
        self.asked = 0
        """Requests for the number itself."""
        self.media = MediaDouble(lambda: self.url, ACCESS_TOKEN)
        self.templates = TemplatesDouble(
            lambda request: request.headers.get("Authorization") in [f"Bearer {one}" for one in self.tokens.values()]
        )
        self.uploads = Uploads(lambda code, words: _error(HTTP_OF.get(code, 400), code, words))
        self._limits = limits or Limits()
        self._faults: list[Fault] = []
        self._port = port
        self._telling: set[asyncio.Task[int]] = set()
        self._ended = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/{VERSION}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post(f"/{VERSION}/{{number:[0-9]{{9,}}}}/messages", self._messages)
        app.router.add_post(f"/{VERSION}/{{number:[0-9]{{9,}}}}/media", self._upload)
        app.router.add_get(f"/{VERSION}/{{number:[0-9]{{9,}}}}", self._number)
        app.router.add_routes(self.templates.routes(VERSION))
        app.router.add_routes(self.media.routes(VERSION))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        assert site._server is not None
        self._port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended.set()
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self._session.close()
        await self._runner.cleanup()
        assert self.violations + self.uploads.violations == []

    def fail(self, kind: Kind = "error", **fields: Any) -> None:
        """Do this to the next message."""
        self._faults.append(Fault(kind, **fields))

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    def texts(self, to: str | None = None) -> list[str | None]:
        """What the person was sent, in order."""
        return [taken.text for taken in self.taken if to in (None, taken.to)]

    async def until_taken(self, count: int, within: float = 60.0) -> None:
        await until(lambda: len(self.taken) >= count, within)

    async def post(self, raw: bytes, headers: dict[str, str] | None = None) -> int:
        """Send a webhook; the status that it is answered with."""
        assert self.webhook is not None
        self._limits.came_in(raw, time.monotonic())
        async with self._session.post(self.webhook, data=raw, headers=headers or hooks.signed(raw)) as answer:
            return answer.status

    async def deliver(self, raw: bytes) -> None:
        """Send a webhook until it is taken, as Meta does."""

        async def taken() -> bool:
            try:
                return await self.post(raw) == 200
            except aiohttp.ClientError:
                return False

        await until(taken)

    async def tell(self, taken: Taken, *states: str, code: int | None = None, **more: Any) -> None:
        """Say how far a message has come, in this order."""
        errors = more | ({"errors": [hooks.fault(code)]} if code is not None else {})
        for state in states:
            said = hooks.status(taken.id, state, taken.tracker, at=int(time.time()), **errors)
            await self.deliver(hooks.statuses(said, phone_number_id=taken.number))

    async def _number(self, request: web.Request) -> web.Response:
        if not self._may(request):
            return _error(401, 190, "Error validating access token")
        self.asked += 1
        number = request.match_info["number"]
        known = {
            "verified_name": "The Bakery",
            "quality_rating": self.quality,
            "throughput": {"level": self.level},
            "is_on_biz_app": self.on_biz_app,
            "health_status": self.templates.health(number),
        }
        fields = request.query.get("fields", "verified_name,quality_rating").split(",")
        shown = {name: known[name] for name in fields if name in known}
        return web.json_response(shown | {"id": number})

    def upgrade(self, level: str, *, on_biz_app: bool = False) -> None:
        """Another throughput, as Meta gives it to the number by itself."""
        self.level, self.on_biz_app = level, on_biz_app

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        if not self._may(request):
            self.unauthorized += 1
            return _error(401, 190, "Error validating access token")
        return await self.uploads.take(request)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not self._may(request):
            self.unauthorized += 1
            return _error(401, 190, "Error validating access token")
        try:
            body = _decoded(raw)
        except msgspec.DecodeError as error:
            self.violations.append(f"{error}: {raw.decode(errors='replace')[:300]}")
            return _error(400, 100, f"Invalid parameter: {error}")
        if isinstance(body, Mark):
            self.marks.append(body)
            return web.json_response({"success": True})
        wrong = wrong_with(body)
        if wrong is not None:
            self.violations.append(wrong)
            return _error(400, 100, f"Invalid parameter: {wrong}")
        number = request.match_info["number"]
        unknown = self.uploads.unknown(number, body.type, getattr(body, body.type))
        for component in (body.template.components if body.template is not None else None) or ():
            for given in component["parameters"] if component["type"] == "header" else ():
                unknown = unknown or self.uploads.unknown(number, given["type"], given.get(given["type"]))
        if unknown is not None:
            self.refused.append((100, body.to or body.recipient or ""))
            return _error(400, 100, unknown)
        return await self._send(request, body)

    def _may(self, request: web.Request) -> bool:
        token = self.tokens.get(request.match_info["number"])
        return token is not None and request.headers.get("Authorization") == f"Bearer {token}"

    async def _send(self, request: web.Request, body: Send) -> web.StreamResponse:
        to = body.to or body.recipient or ""
        self.on_step("arrived", to)
        fault = self._fault(to)
        if fault is not None and fault.kind in ("error", "http", "drop", "redirect"):
            self.refused.append((fault.code, to))
            if fault.kind == "error":
                return _error(HTTP_OF.get(fault.code, 400), fault.code, f"error {fault.code}", fault.subcode)
            if fault.kind == "http":
                return web.Response(status=fault.status, text="<html>Bad Gateway</html>", content_type="text/html")
            return hostile.redirect() if fault.kind == "redirect" else _dropped(request)
        if body.template is not None and (refusal := self.templates.refusal(body.template)) is not None:
            self.refused.append((refusal[0], to))
            return _error(400, *refusal)
        code = self._limits.code(to, time.monotonic())
        if code is not None:
            self.refused.append((code, to))
            return _error(429 if code == 130429 else 400, code, "too much")
        taken = Taken(
            f"wamid.double{len(self.taken):06}",
            to,
            body.text.body if body.text is not None else None,
            body.biz_opaque_callback_data,
            body.template.name if body.template is not None else None,
            body.context.message_id if body.context is not None else None,
            time.monotonic(),
            request.match_info["number"],
            body.type,
            getattr(body, body.type),
        )
        self.taken.append(taken)
        self._tell_by_itself(taken)
        self.on_step("accepted", to)
        if fault is not None and fault.kind == "lost":
            return _dropped(request)
        if fault is not None and fault.kind == "hang":
            await self._ended.wait()
            return _dropped(request)
        if fault is not None and fault.kind == "endless":
            return await hostile.endless(request)
        contacts = [{"input": to, "wa_id": self.true_names.get(to, to)}]
        answer = {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": taken.id}]}
        response = web.json_response(answer)
        await response.prepare(request)
        await response.write_eof()
        self.on_step("answered", to)
        return response

    def _tell_by_itself(self, taken: Taken) -> None:
        if not self.statuses or self.webhook is None:
            return

        async def tell() -> int:
            await self.tell(taken, *self.statuses)
            return 0

        task = asyncio.create_task(tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _fault(self, to: str) -> Fault | None:
        for fault in self._faults:
            if fault.to in (None, to):
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                return fault
        return None


def _decoded(raw: bytes) -> Send | Mark:
    shape: type[Send | Mark] = Mark if "status" in msgspec.json.decode(raw) else Send
    return msgspec.json.decode(raw, type=shape)


def _error(status: int, code: int, message: str, subcode: int | None = None) -> web.Response:
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code,
             "error_data": {"messaging_product": "whatsapp", "details": message}, "fbtrace_id": "A1"}  # fmt: skip
    if subcode is not None:
        error["error_subcode"] = subcode
    return web.json_response({"error": error}, status=status)


def _dropped(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
