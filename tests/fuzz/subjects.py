"""Events that any NATS client can store on side `i`: events of every kind, orders, and bytes."""

from __future__ import annotations

from datetime import UTC, datetime

from events import codec
from events.inbound import INBOUND
from events.memory_log import MemoryLog
from events.recorded import Unreadable
from events.subjects import ChatKey, inbound_subject, token
from tests.fuzz.files import CHEAP, MIMES, Objects
from tests.fuzz.graph import ACCOUNT
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values, dumped

_STRANGE = ("a", "=", "=2", "=00", "x" * 3000, token("a b"), token("é@g.us"))
"""Tokens that name no chat, or one that is no JID."""


class Subjects:
    """`some_id` gives an id of the chat that is there already."""

    def __init__(self, values: Values, log: MemoryLog, objects: Objects, tally: Tally) -> None:
        self._values = values
        self._log = log
        self._objects = objects
        self._tally = tally
        self._count = 0
        self._ids: dict[ChatKey, list[str]] = {}

    def put(self, kind: str, key: ChatKey) -> None:
        """An event of the kind, or what should have been one."""
        subject, body = self.made(kind, key)
        self._log.put(subject, body, self._headers())
        address = codec.parse_subject(subject)
        event = codec.read(1, subject, datetime.now(UTC), None, body).event
        entrance = {"control": "orders", "in": "messages"}.get(kind, "edits, receipts")
        self._tally.put(entrance, address.key, read=not isinstance(event, Unreadable))

    def made(self, kind: str, key: ChatKey) -> tuple[str, bytes]:
        """A subject and a body."""
        values, random = self._values, self._values.random
        self._count += 1
        ids = self._ids.setdefault(key, [])
        given = {"id": f"f{self._count}" if random.random() < 0.8 or not ids else random.choice(ids)}
        if kind == "in":
            given |= self._message(key)
        for name in ("of", "reply"):
            if ids and random.random() < 0.7:
                given[name] = random.choice(ids)
        ids.append(given["id"])
        odd = random.choice((0, 0, 0, 0, 0, 0, 1, 1, 3))
        body = dumped(values.struct(INBOUND[kind], odd=odd, **given))
        if random.random() < 0.06:
            body = values.bytes_of(body)
        subject = inbound_subject(key, kind)
        if random.random() < 0.03:
            subject = f"wa.{kind}.{ACCOUNT}.{random.choice(_STRANGE)}"
        return subject, body

    def _message(self, key: ChatKey) -> dict[str, object]:
        values, random = self._values, self._values.random
        given: dict[str, object] = {
            "text": values.fitting_text(),
            "kind": random.choice(("text",) * 4 + ("image", "audio", "later")),
        }
        given |= {"chat": key.chat} if random.random() < 0.9 else {}
        if random.random() < 0.05:
            given |= self.with_file(MIMES[:3] if random.random() < 0.01 else CHEAP, key)
        return given

    def with_file(self, mimes: tuple[str, ...], key: ChatKey) -> dict[str, object]:
        """The fields of a message with a file of one of these types."""
        self._count += 1
        name, mime = f"{key.chat}.{self._count}", self._values.random.choice(mimes)
        self._objects.put(name)
        kind = {"image": "image", "audio": "audio"}.get(mime.partition("/")[0], "document")
        return {"kind": kind, "media": {"object": name, "mime": mime}, "chat": key.chat}

    def put_file(self, key: ChatKey, mimes: tuple[str, ...]) -> None:
        """A message of which only the file is strange."""
        given = self.with_file(mimes, key)
        self._count += 1
        self._log.put(inbound_subject(key, "in"), dumped({"id": f"file{self._count}", **given}))
        self._tally.put("files", key, read=True)

    def say(self, key: ChatKey) -> None:
        """A plain message, which has the model asked."""
        self._count += 1
        self._log.put(inbound_subject(key, "in"), dumped({"id": f"say{self._count}", "text": "hello\n!call ask {}"}))

    def _headers(self) -> dict[str, str]:
        random = self._values.random
        if random.random() < 0.9:
            return {}
        return {codec.VERSION_HEADER: random.choice(("0", "1", "2", "99999999999", "x", "²")), "x": "y"}
