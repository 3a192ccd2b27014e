"""Turns a reply into messages: formats it, cuts it if it is too long, splits it.

The same reply gives the same messages every time, and never an exception: a reply that cannot be formatted goes out as
it was written.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from msgspec.structs import replace

from chat.parts import parts_of, reading
from events.decisions import Reply
from events.parts import Part
from gateways.delivery.degrading import degraded
from gateways.delivery.formatting import CODE, to_whatsapp
from gateways.delivery.splitting import CLOSE, LIMIT, length, shortened, split
from gateways.delivery.undeliverable import described

LONGEST = 16_000
"""Characters of a reply that are sent, about four messages (decision 110). The log keeps the whole reply."""

NOTE = "[…] This answer was too long for a chat and is cut here."

_AS_WRITTEN = "sent as it was written"

log = structlog.get_logger("recado.gateway")


def texts_of(reply: Reply) -> list[str]:
    """The messages of a reply as texts; its parts by their plain reading. A model's markdown is formatted for WhatsApp;
    the words of operators and tools stay as they are."""
    if parts := formatted_parts(reply):
        return pieces(reading(parts), reply.id)
    return pieces(reply.text, reply.id, is_markdown=reply.author != "operator")


def formatted_parts(reply: Reply) -> list[Part]:
    """The parts of a reply; words that a model may have written are formatted."""
    return [_formatted(part, reply) for part in parts_of(reply)]


def messages_in(part: Part, reply: str) -> Iterator[str | Part]:
    """The messages of a formatted part of `reply`: the pieces of a text, or the part as WhatsApp's limits allow."""
    if part.kind == "text":
        yield from pieces(part.text or "", reply)
    else:
        for message in degraded(part):
            yield message.text or "" if message.kind == "text" else message


def _formatted(part: Part, reply: Reply) -> Part:
    if part.kind not in ("text", "choices") or not part.text:
        return part
    text = part.text
    if part.kind == "choices" and len(text) > LONGEST:
        text = _noted(shortened(text, LONGEST))
    if reply.author != "operator":
        try:
            text = to_whatsapp(text)
        except Exception as error:  # noqa: BLE001 - the person gets the text even if the formatter breaks
            log.warning("reply_not_formatted", reply=reply.id[:64], reason=described(error), then=_AS_WRITTEN)
    return replace(part, text=text)


def pieces(text: str, reply: str, *, is_markdown: bool = False) -> list[str]:
    """The messages of a text of the reply with this id."""
    written = shortened(text, LONGEST)
    cut = len(written) < len(text.rstrip())
    try:
        formatted = to_whatsapp(written) if is_markdown else written
        texts = split(_noted(formatted) if cut else formatted) if length(formatted) <= LONGEST + LIMIT else []
        if texts or not written.strip():
            return texts
        reason = "the formatted text is blank or too long"
    except Exception as error:  # noqa: BLE001 - the person gets the text even if the formatter breaks
        reason = described(error)
    log.warning("reply_not_formatted", reply=reply[:64], reason=reason, then=_AS_WRITTEN)
    plain = _noted(written) if cut else written
    try:
        return split(plain)
    except Exception as error:
        log.exception("reply_not_split", reply=reply[:64], reason=type(error).__name__, then="cut by length")
        half = LIMIT // 2  # every character may count as two
        return [plain[start : start + half] for start in range(0, len(plain), half)]


def _noted(text: str) -> str:
    """The text with a note that it was cut, outside of any code block."""
    return f"{text}{CLOSE if text.count(CODE) % 2 else ''}\n\n{NOTE}"
