"""An example of each type of event, as one chat's story, for docs/events.md."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from events.account_update import AccountUpdate
from events.admission import Approved, Blocked
from events.decisions import (
    Attention,
    Decision,
    Erased,
    Ignored,
    MediaRead,
    Paused,
    Reply,
    Reset,
    Resumed,
    RunStarted,
    ThreadCreated,
    TurnAdopted,
    TurnError,
    TurnFailed,
    TurnStarted,
)
from events.inbound import Control, Edit, Inbound, Media, Message, Pricing, Receipt, ReceiptError, Revoke
from events.joining import Joined
from events.references import Referral
from events.teamwork import Assigned, Labelled, Noted, Resolved
from events.tool_calls import ToolCalled, ToolReturned
from events.usage import TokenUsage

CHAT = "5511999999999@s.whatsapp.net"

_NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return _NOON + timedelta(seconds=seconds)


INBOUND_SAMPLES: dict[str, Inbound] = {
    "in": Message(
        id="3EB0C431C26A1916E07A",
        sender=CHAT,
        name="Ana",
        at=_at(0),
        kind="image",
        text="Do you have this one?",
        media=Media(object="3EB0C431C26A1916E07A", mime="image/jpeg", size=48210, filename="cake.jpg"),
        quoted="wamid.HBgL",
        referral=Referral(source="ad", source_id="120210", headline="Cakes for your party", click_id="ARAkLkA8"),
        forwarded=1,
    ),
    "edit": Edit(id="3EB0D1", of="3EB0C431C26A1916E07A", text="Do you have this cake?", at=_at(20)),
    "revoke": Revoke(id="3EB0D2", of="3EB0C431C26A1916E07A", at=_at(30)),
    "receipt": Receipt(
        id="01JD9.r:failed",
        reply="01JD9.r",
        state="failed",
        provider_id="wamid.HBgM",
        error=ReceiptError(code=131047, class_="window_closed", detail="Re-engagement message"),
        pricing=Pricing(billable=False, category="service", type="free_customer_service"),
        at=_at(4),
    ),
    "control": Control(id="01JDB", command="pause", until=_at(3600), by="cli:ana"),
}
"""An example of each type of side `i`."""

BESIDE_SAMPLES: dict[str, AccountUpdate] = {
    "account_update": AccountUpdate(
        id="9f2c51d0a4",
        field="phone_number_quality_update",
        value={"display_phone_number": "15…881", "event": "THROUGHPUT_UPGRADE", "current_limit": "TIER_UNLIMITED"},
        at=_at(300),
    ),
}
"""An example of each message that is no event of the log."""

DECISION_SAMPLES: dict[str, Decision] = {
    "ignored": Ignored(messages=("3EB0D7",), reason="unsupported_kind", at=_at(1)),
    "turn_started": TurnStarted(turn="01JD9", messages=("3EB0C431C26A1916E07A",), backend="chat", at=_at(1)),
    "turn_adopted": TurnAdopted(turn="01JD9", by="blue-1.7", at=_at(2)),
    "thread_created": ThreadCreated(backend="chat", thread="01JD8", reason="first", at=_at(1)),
    "media_read": MediaRead(
        turn="01JD9", message="3EB0D8", form="text", text="Do you have bread?", model="gpt-transcribe", at=_at(2)
    ),
    "run_started": RunStarted(turn="01JD9", run="run_abc123", attempt=1, at=_at(1)),
    "tool_called": ToolCalled(turn="01JD9", call="call_1", name="stock", arguments='{"item":"cake"}', at=_at(2)),
    "tool_returned": ToolReturned(turn="01JD9", call="call_1", output='{"left":3}', at=_at(2)),
    "reply": Reply(
        id="01JD9.r",
        turn="01JD9",
        chat=CHAT,
        account="local",
        text="Yes, three are left!",
        in_reply_to=("3EB0C431C26A1916E07A",),
        author="assistant",
        at=_at(3),
        backend="chat",
        model="gpt-6-luna",
        thread="01JD8",
        run="chatcmpl-abc123",
        usage=TokenUsage(input_tokens=58, output_tokens=7),
    ),
    "turn_failed": TurnFailed(
        turn="01JD9",
        messages=("3EB0C431C26A1916E07A",),
        error=TurnError(class_="rate_limited", detail="Rate limit reached for requests"),
        told=True,
        at=_at(120),
    ),
    "paused": Paused(until=_at(3600), by="cli:ana", cause="01JDB", at=_at(40)),
    "resumed": Resumed(by="cli:ana", cause="01JDC", at=_at(50)),
    "attention": Attention(
        id="01JD9.h",
        turn="01JD9",
        messages=("3EB0C431C26A1916E07A",),
        text="Wants a refund for the cake of Saturday",
        by="model",
        at=_at(55),
    ),
    "approved": Approved(by="cli:ana", cause="01JDF", at=_at(56)),
    "blocked": Blocked(by="cli:ana", cause="01JDG", at=_at(58)),
    "reset": Reset(upto=1042, by="cli:ana", cause="01JDD", at=_at(60)),
    "joined": Joined(into="5511999999999@s.whatsapp.net", at=_at(71), cause="join:99887766@lid", stopped=True),
    "assigned": Assigned(to="bea", by="ana", cause="01JDH", at=_at(62)),
    "noted": Noted(id="01JDI.n", text="Has paid for two cakes.", by="ana", cause="01JDI", at=_at(63)),
    "labelled": Labelled(add=("vip",), remove=("new",), by="ana", cause="01JDJ", at=_at(64)),
    "resolved": Resolved(state="snoozed", until=_at(7200), by="ana", cause="01JDK", at=_at(65)),
    "erased": Erased(upto=1043, by="cli:ana", cause="01JDE", at=_at(70), done=True, events=1042, objects=3, threads=1),
}
"""An example of each type of side `o`."""
