"""Meta's Graph API, whose answers are spoiled for every chat but canaries."""

from __future__ import annotations

import json

from aiohttp import web

from events.subjects import ChatKey
from gateways.cloud import graph, tracker
from tests.doubles.graph_limits import Limits
from tests.doubles.graph_server import GraphDouble
from tests.fuzz.model import is_canary
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values, dumped

ACCOUNT = "shop"
MOST_MESSAGES = 12
"""That a reply may be."""

_read = graph._read
_OF_THE_ACCOUNT = ("account_throttle", "account_stop", "unreached")
_STATUSES = (200, 200, 200, 400, 404, 500, 502)


class Meta(GraphDouble):
    """In `share` of the answers something is spoiled. That WhatsApp takes nothing at all from the number is not among
    them: by design that stops the number."""

    def __init__(self, values: Values, share: float, tally: Tally) -> None:
        super().__init__(Limits(number=10**9, burst=10**9))
        self.values = values
        self.share = share
        self.answered: set[str] = set()
        self._tally = tally

    async def __aexit__(self, *exc: object) -> None:
        self.violations.clear()  # the judge has seen them
        await super().__aexit__(*exc)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        to = asked.get("to") or asked.get("recipient") or ""
        if asked.get("status") is None:
            self._tally.reached["send"].add(key := ChatKey(ACCOUNT, f"{to}@{_server(asked)}"))
            if tracker.read(asked["biz_opaque_callback_data"]).of > MOST_MESSAGES:
                self.violations.append(f"a reply of more than {MOST_MESSAGES} messages: {asked}"[:500])
            if not is_canary(to) and self.values.random.random() < self.share:
                return self._spoiled(key)
        response = await super()._messages(request)
        self.answered.add(to)
        return response

    def _spoiled(self, key: ChatKey) -> web.Response:
        while True:
            status, body = self._made()
            answer = _read(status, body)
            if answer.error is None or answer.error.class_ not in _OF_THE_ACCOUNT:
                break
        is_read = answer.error is None or isinstance(answer.error.code, int)
        self._tally.put("Graph's answers", key, read=is_read)
        return web.Response(body=body, status=status, content_type="application/json")

    def _made(self) -> tuple[int, bytes]:
        values = self.values
        shape = values.struct(graph._Answer, odd=values.random.choice((0, 0, 0, 1, 2)))
        if values.random.random() < 0.5:
            shape["messages"] = [values.struct(graph._Sent)]
            shape.pop("error", None)
        body = dumped(shape)
        if values.random.random() < 0.15:
            body = values.bytes_of(body)
        return values.random.choice(_STATUSES), body


def _server(asked: dict[str, object]) -> str:
    if "recipient" in asked:
        return "bsuid"
    return "g.us" if asked.get("recipient_type") == "group" else "s.whatsapp.net"
