"""nats-py, able to read whatever the server delivers.

Anybody who may publish can store a message whose subject is no UTF-8 or has a vertical tab in it, or whose header block
is no header block: the server takes all of that (2.15.1). nats-py 2.16.0 (pinned) fails at it inside its read loop,
which then ends or reconnects, meets the same message again, and so on for ever: one such message in the log would stop
every reader of it. The overrides below are the places where it fails; nothing else of the client is touched.
"""

from __future__ import annotations

import re

import nats.protocol.parser
from nats.aio.client import Client
from nats.aio.msg import Msg

# What separates the fields of a line is a blank or a tab, as the server has it; `\s` is more than that.
nats.protocol.parser.MSG_RE = re.compile(
    rb"\AMSG[ \t]+([^ \t\r\n]+)[ \t]+([^ \t\r\n]+)[ \t]+(([^ \t\r\n]+)[ \t]+)?(\d+)\r\n"
)
nats.protocol.parser.HMSG_RE = re.compile(
    rb"\AHMSG[ \t]+([^ \t\r\n]+)[ \t]+([^ \t\r\n]+)[ \t]+(([^ \t\r\n]+)[ \t]+)?(\d+)[ \t]+(\d+)\r\n"
)


class LenientClient(Client):
    r"""The client of nats-py. Bytes that are no UTF-8 in a subject read as `\xNN`, broken headers as none."""

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
