"""A nats-py client that reads every message the server delivers, and hands its bytes to a listener without a detour.

Any client that may publish can store a message whose subject is not UTF-8 or contains a vertical tab, or whose header
block is malformed: the server accepts all of these (2.15.1). nats-py 2.16.0 (pinned) fails at such a message inside its
read loop, which then ends or reconnects, meets the same message again, and so on for ever: one such message in the log
would stop all its readers. The overrides below are the places where it fails; `listen` and `publish_block` are new.
The rest of the client is unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import nats.errors
import nats.protocol.parser
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

Listener = Callable[[bytes, bytes, bytes | None, bytes], None]
"""Called with a message's subject, reply subject, header block (None: it has none) and body. Must not block."""

# The server separates the fields of a line by blanks and tabs; `\s` matches more than these.
nats.protocol.parser.MSG_RE = re.compile(
    rb"\AMSG[ \t]+([^ \t\r\n]+)[ \t]+([^ \t\r\n]+)[ \t]+(([^ \t\r\n]+)[ \t]+)?(\d+)\r\n"
)
nats.protocol.parser.HMSG_RE = re.compile(
    rb"\AHMSG[ \t]+([^ \t\r\n]+)[ \t]+([^ \t\r\n]+)[ \t]+(([^ \t\r\n]+)[ \t]+)?(\d+)[ \t]+(\d+)\r\n"
)


class LenientClient(Client):
    r"""The client of nats-py. Bytes that are not UTF-8 in a subject read as `\xNN`; malformed headers read as none."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: dict[int, Listener] = {}

    async def listen(self, subject: str, listener: Listener) -> Subscription:
        """Subscribe with a function that gets each message as soon as it is read, with its bytes as they came.

        It is for subscriptions with messages by the ten thousand: a subscription of nats-py costs 9 µs more per
        message, because it parses every header and passes the message through a queue and another task.
        """
        subscription = await self.subscribe(subject, cb=_unused, pending_msgs_limit=0, pending_bytes_limit=0)
        self._listeners[subscription._id] = listener  # noqa: SLF001 - the client's own
        return subscription

    async def publish_block(self, subject: str, reply: str, headers: bytes, body: bytes) -> None:
        """Publish a header block that is already encoded, on a subject that needs no check.

        `publish` spends 15 µs on checking every name and value, which is a third of the cost of an append here.
        """
        if self.is_closed:
            raise nats.errors.ConnectionClosedError
        size = len(headers) + len(body)
        if not self.is_connected and self._pending_data_size + size > self._max_pending_size:
            raise nats.errors.OutboundBufferLimitError
        self.stats["out_msgs"] += 1
        self.stats["out_bytes"] += len(body)
        line = f"HPUB {subject} {reply} {len(headers)} {size}\r\n".encode()
        await self._send_command(b"".join((line, headers, body, b"\r\n")))
        if self._flush_queue is not None and self._flush_queue.empty():
            await self._flush_pending()

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        listener = self._listeners.get(sid)
        if listener is None:
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        try:
            listener(subject, reply, headers, data)
        except Exception as error:  # noqa: BLE001 - it would end the loop that reads for all subscriptions
            await self._error_cb(error)

    def _remove_sub(self, sid: int, max_msgs: int = 0) -> None:
        self._listeners.pop(sid, None)
        super()._remove_sub(sid, max_msgs)

    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        try:
            return await super()._process_headers(headers)
        except (IndexError, UnicodeDecodeError):
            return None

    def _build_message(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg:
        return self.msg_class(
            _client=self,
            subject=subject.decode("utf-8", "backslashreplace"),
            reply=reply.decode("utf-8", "backslashreplace"),
            data=data,
            headers=headers,
            _sid=sid,
        )


async def _unused(message: Msg) -> None:
    """A callback that nats-py requires; `_process_msg` calls the listener instead."""
    raise AssertionError(f"a message on {message.subject} went past its listener")
