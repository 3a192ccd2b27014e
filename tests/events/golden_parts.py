"""Events with parts of a reply: golden/v1 keeps their bytes."""

from __future__ import annotations

from events import decisions, inbound
from events.decisions import Decision
from events.inbound import Inbound
from events.parts import ButtonValue, Option, Parameters, Part
from events.tool_calls import ToolReturned
from tests.events.golden_events import AT, CHAT

PARTS = (
    Part(kind="text", text="Olá! 🌵"),
    Part(
        kind="document",
        object="LIBRARY/" + 64 * "0",
        mime="application/pdf",
        filename="menu.pdf",
        caption="Menu",
    ),
    Part(kind="audio", url="https://example.org/a.ogg", voice=True),
    Part(kind="location", latitude=-23.5, longitude=0.0, name="Bar", address="Rua 1"),
    Part(kind="contact", name="Ana", phones=("+5511999990001",)),
    Part(
        kind="choices",
        text="Which size?",
        choices=(Option(id="s", title="Small", description="1 kg"), Option(id="l", title="Large")),
        button="Sizes",
    ),
    Part(kind="link", text="Pay here", title="Pay", url="https://example.org/pay"),
    Part(
        kind="template",
        name="order_ready",
        language="pt_BR",
        parameters=Parameters(
            header=("https://example.org/a.png",), body={"name": "Ana"}, buttons=(ButtonValue(index=0, value="77"),)
        ),
    ),
    Part(kind="template", name="order_ready", language="en", parameters=Parameters(body=("Ana", "12"))),
    Part(kind="reaction", to="3EB0A9", emoji=""),
    Part(kind="hologram", text="of a newer version"),
)
"""Parts of every kind, and one that this version does not know."""


PARTED: dict[str, Inbound | Decision] = {
    "control": inbound.Control(id="k1", command="send", text="Which size?", parts=PARTS, quote="3EB0A9"),
    "receipt": inbound.Receipt(
        id="wamid.1", reply="r1", state="sending", part=1, parts=2, file="refused",
        error=inbound.ReceiptError(code=131053, class_="file_refused", detail="Media upload error"),
    ),
    "tool_returned": ToolReturned(turn="t1", call="call_1", output="sent", at=AT, send=PARTS),
    "reply": decisions.Reply(
        id="r1", turn=None, chat=CHAT, account="local", text="hi", in_reply_to=(), author="operator", at=AT,
        parts=PARTS, quote="3EB0A9",
    ),
}  # fmt: skip
"""Events with parts of a reply."""
