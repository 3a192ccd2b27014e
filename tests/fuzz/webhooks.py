"""Webhooks with a good signature in which anything stands, and bodies with none, through the real app."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from starlette.applications import Starlette

from events.inbound import Receipt
from events.subjects import ChatKey
from gateways.cloud import wire
from gateways.cloud.parsing import Parser
from gateways.cloud.tracker import Tracker, written
from gateways.cloud.updates import Arrived
from tests.doubles import graph_webhooks as hooks
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values, dumped

_TYPES = (
    "text", "image", "audio", "video", "document", "sticker", "location", "contacts", "button", "interactive",
    "reaction", "order",
    "system", "edit", "revoke", "unsupported", "later",
)  # fmt: skip


class Webhooks:
    """`parser` only tells what could be read: the app has its own."""

    def __init__(self, values: Values, app: Starlette, parser: Parser, tally: Tally) -> None:
        self._values = values
        self._app = app
        self._parser = parser
        self._tally = tally
        self._count = 0

    async def put(self, key: ChatKey) -> None:
        """A webhook about the chat; it must be taken, or refused for its size or signature."""
        random = self._values.random
        body = self._made(key)
        while any(_stops_the_number(update) for update in self._parser.parse(body)):
            body = self._made(key)
        status = await self.post(
            body, hooks.signed(body) if random.random() < 0.97 else {"X-Hub-Signature-256": "sha256=x"}
        )
        assert status in (200, 403, 413), f"{status} for {body[:2000]!r}"
        keys = (
            {update.key for update in self._parser.parse(body) if isinstance(update, Arrived)} if status == 200 else ()
        )
        self._tally.put("webhooks", next(iter(keys), key), read=bool(keys))

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status that a POST is answered with."""
        scope = {
            "type": "http", "method": "POST", "path": "/webhook", "query_string": b"", "http_version": "1.1",
            "scheme": "http",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self._app(scope, receive, send)
        return statuses[0]

    def _made(self, key: ChatKey) -> bytes:
        values, random = self._values, self._values.random
        self._count += 1
        odd = random.choice((0, 0, 0, 1, 2))
        if random.random() < 0.6:
            said = values.struct(wire.Message, odd=odd, id=f"wamid.{self._count}", **self._of(key))
            changes = [
                hooks.change(messages=[said], contacts=[hooks.contact(key.chat.partition("@")[0], values.text())])
            ]
        else:
            changes = [hooks.change(statuses=[self._status(key, odd)])]
        whole = {"object": "whatsapp_business_account", "entry": [{"id": hooks.WABA, "changes": changes}]}
        if random.random() < 0.1:
            whole = values.spoiled(whole)
        body = dumped(whole)
        return values.bytes_of(body) if random.random() < 0.06 else body

    def _of(self, key: ChatKey) -> dict[str, Any]:
        type_ = self._values.random.choice(_TYPES)
        given: dict[str, Any] = {"from": key.chat.partition("@")[0], "type": type_, "timestamp": "1790000000"}
        for field in msgspec.structs.fields(wire.Message):
            if field.encode_name == type_:
                given[type_] = self._values.fitting(msgspec.inspect.type_info(field.type))
        # A group, or a person by another name, is another chat than the one that is counted.
        return given | {"group_id": None, "to": None, "from_user_id": None}

    def _status(self, key: ChatKey, odd: int) -> dict[str, Any]:
        values = self._values
        ours = written(
            Tracker(
                key.chat,
                values.random.choice(("f1", "t1.r", "x" * 300)),
                *values.random.choice(((0, 0), (1, 2), (9, 2))),
            )
        )
        state = values.random.choice(("sent", "delivered", "read", "failed", values.text()))
        tracker = values.text() if values.random.random() < 0.1 else ours
        said = values.struct(
            wire.Status, odd=odd, id=f"wamid.s{self._count}", status=state, biz_opaque_callback_data=tracker
        )
        return json.loads(json.dumps(said))  # type: ignore[no-any-return]


def _stops_the_number(update: object) -> bool:
    """Whether WhatsApp says something of the number as a whole, which stops it by design."""
    event = update.event if isinstance(update, Arrived) else None
    error = event.error if isinstance(event, Receipt) else None
    return error is not None and error.class_ in ("account_stop", "account_throttle")
