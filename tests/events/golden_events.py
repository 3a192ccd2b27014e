"""An event of every type with every field set, and one with as few as it may have: golden/v1 keeps their bytes."""

from __future__ import annotations

from datetime import UTC, datetime

from events import decisions, inbound
from events.admission import Approved, Blocked
from events.cut import Cut
from events.decisions import Decision
from events.inbound import Inbound
from events.joining import Joined
from events.references import Choice, Location, Product, Referral
from events.teamwork import Assigned, Labelled, Noted, Resolved
from events.tool_calls import Passage, ToolCalled, ToolReturned

AT = datetime(2026, 9, 1, 12, 30, 15, 250000, tzinfo=UTC)
CHAT = "5511999990001@s.whatsapp.net"

FULL: dict[str, Inbound | Decision] = {
    "in": inbound.Message(
        id="3EB0A9",
        chat=CHAT,
        sender="5511999990002@s.whatsapp.net",
        name="Zoë 🌵",
        at=AT,
        kind="audio",
        text="olá\n\u2028",
        media=inbound.Media(
            object="media-1", mime="audio/ogg", size=1234, sha256="ab12", filename="voz.ogg", voice=True
        ),
        quoted="3EB0A8",
        mentions=("5511999990003@s.whatsapp.net",),
        group=True,
        aliases=("99887766@lid",),
        from_me=True,
    ),
    "edit": inbound.Edit(id="e1", of="3EB0A9", text="oi", at=AT),
    "revoke": inbound.Revoke(id="v1", of="3EB0A9", at=AT),
    "receipt": inbound.Receipt(
        id="c1",
        reply="r1",
        state="failed",
        provider_id="wamid.1",
        error=inbound.ReceiptError(
            code=131047, class_="window_closed", detail="Re-engagement message", do="wait until they write"
        ),
        at=AT,
        pricing=inbound.Pricing(billable=False, category="service", type="free_customer_service"),
    ),
    "control": inbound.Control(id="k1", command="send", until=AT, text="já vou", messages=("m1", "m2"), by="ana"),
    "ignored": decisions.Ignored(messages=("m1", "seq:7"), reason="stale", at=AT, cause="k1", told=True),
    "turn_started": decisions.TurnStarted(
        turn="t1", messages=("m1", "m2"), backend="chat", at=AT, cause="k1", media=("m2",), seen=41, instead="t0"
    ),
    "turn_adopted": decisions.TurnAdopted(turn="t1", by="inc2", at=AT),
    "thread_created": decisions.ThreadCreated(
        backend="assistants", thread="thread_1", reason="replaced", at=AT, seen=41
    ),
    "media_read": decisions.MediaRead(
        turn="t1",
        message="m1",
        form="text",
        at=AT,
        text="do you have bread?",
        reason="too_large",
        detail="17 MB",
        bare=True,
        model="gpt-transcribe",
        usage=decisions.TokenUsage(input_tokens=12, output_tokens=34),
    ),
    "run_started": decisions.RunStarted(
        turn="t1",
        run="run_1",
        attempt=2,
        at=AT,
        usage=decisions.TokenUsage(input_tokens=12, output_tokens=34),
        model="gpt-x",
    ),
    "tool_called": ToolCalled(
        turn="t1",
        call="call_1",
        name="stock",
        arguments='{"sku":"1"}',
        at=AT,
        usage=decisions.TokenUsage(input_tokens=12, output_tokens=34),
        raw='{"server":"host/v1","model":"gpt-x","message":{"role":"assistant"}}',
        model="gpt-x",
    ),
    "tool_returned": ToolReturned(turn="t1", call="call_1", output="none left", at=AT, failed=True, unfit=True),
    "reply": decisions.Reply(
        id="r1",
        turn="t1",
        chat=CHAT,
        account="local",
        text="Olá! 🌵",
        in_reply_to=("m1", "m2"),
        author="assistant",
        at=AT,
        about="t0",
        backend="chat",
        model="gpt-x",
        thread="thread_1",
        run="run_1",
        usage=decisions.TokenUsage(input_tokens=12, output_tokens=34),
        cause="k1",
        cut=(Cut(kind="reasoning", chars=340),),
        length="continued",
    ),
    "turn_failed": decisions.TurnFailed(
        turn="t1",
        messages=("m1",),
        error=decisions.TurnError(class_="rate_limited", detail="Rate limit reached"),
        told=True,
        at=AT,
        usage=decisions.TokenUsage(input_tokens=12, output_tokens=34),
        model="gpt-x",
    ),
    "paused": decisions.Paused(until=AT, at=AT, by="ana", cause="k1", reason="handed_off", after="t1.h"),
    "resumed": decisions.Resumed(at=AT, by="ana", cause="k1"),
    "attention": decisions.Attention(
        id="t1.h", text="wants a refund", by="model", at=AT, turn="t1", messages=("m1",), cause="k1"
    ),
    "approved": Approved(at=AT, by="ana", cause="k1"),
    "blocked": Blocked(at=AT, by="ana", cause="k1"),
    "reset": decisions.Reset(upto=41, at=AT, by="ana", cause="k1"),
    "assigned": Assigned(to="bea", at=AT, by="ana", cause="k1"),
    "noted": Noted(id="k1.n", text="wants the blue one 🌵", at=AT, by="ana", cause="k1"),
    "labelled": Labelled(add=("VIP", "são paulo"), remove=("new",), at=AT, by="ana", cause="k1"),
    "resolved": Resolved(state="snoozed", until=AT, at=AT, by="ana", cause="k1"),
    "joined": Joined(
        into="5511999999999@s.whatsapp.net",
        from_="99887766@lid",
        at=AT,
        by="ana",
        cause="join:99887766@lid",
        admission="blocked",
        stopped=True,
        held="taken_over",
        until=AT,
        others=("BR.1349@bsuid",),
        timers=("t1",),
        done=True,
        whole=True,
    ),
    "erased": decisions.Erased(
        upto=42,
        at=AT,
        by="ana",
        cause="k1",
        done=True,
        admission="blocked",
        stopped=True,
        held="taken_over",
        until=AT,
        events=41,
        objects=2,
        threads=1,
        left=("responses conv_1: no",),
    ),
}

LEAST: dict[str, Inbound | Decision] = {
    "in": inbound.Message(id="m1", text=""),
    "edit": inbound.Edit(id="e1", of="m1", text=""),
    "revoke": inbound.Revoke(id="v1", of="m1"),
    "receipt": inbound.Receipt(id="c1", reply="r1", state="sent"),
    "control": inbound.Control(id="k1", command="pause"),
    "ignored": decisions.Ignored(messages=("m1",), reason="stale", at=AT),
    "turn_started": decisions.TurnStarted(turn="t1", messages=("m1",), backend="chat", at=AT),
    "media_read": decisions.MediaRead(turn="t1", message="m1", form="image", at=AT),
    "run_started": decisions.RunStarted(turn="t1", run="run_1", attempt=2, at=AT),
    "tool_called": ToolCalled(turn="t1", call="call_1", name="stock", arguments='{"sku":"1"}', at=AT),
    "tool_returned": ToolReturned(turn="t1", call="call_1", output="", at=AT),
    "reply": decisions.Reply(
        id="r1", turn=None, chat=CHAT, account="local", text="", in_reply_to=(), author="system", at=AT
    ),
    "turn_failed": decisions.TurnFailed(
        turn="t1",
        messages=("m1",),
        error=decisions.TurnError(class_="rate_limited", detail="Rate limit reached"),
        told=True,
        at=AT,
    ),
    "paused": decisions.Paused(until=None, at=AT),
    "resumed": decisions.Resumed(at=AT),
    "attention": decisions.Attention(id="t1.h", text="", by="model", at=AT),
    "approved": Approved(at=AT),
    "blocked": Blocked(at=AT),
    "reset": decisions.Reset(upto=0, at=AT),
    "erased": decisions.Erased(upto=0, at=AT),
    "joined": Joined(at=AT),
    "assigned": Assigned(to=None, at=AT),
    "noted": Noted(id="k1.n", text="x", at=AT),
    "labelled": Labelled(at=AT),
    "resolved": Resolved(state="open", at=AT),
}

REFERRING: dict[str, Inbound | Decision] = {
    "in": inbound.Message(
        id="3EB0AA",
        kind="button",
        text="Rye",
        unsupported="poll_creation",
        unsupported_code=131051,
        choice=Choice(id="rye-1kg", title="Rye", source="list"),
        referral=Referral(
            source="ad", source_id="77", url="https://example.org/ad", headline="Rye", body="Today", click_id="c1"
        ),
        product=Product(catalog="7", id="rye"),
        location=Location(latitude=37.4611978, longitude=-122.1503001, name="Bar", address="Rua 1"),
        forwarded=2,
        answers={"day": "Monday", "size": 2, "extras": ("seeds", 3.5), "gift": True, "note": None},
    ),
}
"""Messages with all that they may refer to."""

PROFILED: dict[str, Inbound | Decision] = {
    "turn_started": decisions.TurnStarted(turn="t1", messages=("m1",), backend="chat", at=AT, profile="bakery@3"),
    "thread_created": decisions.ThreadCreated(
        backend="responses", thread="conv_1", reason="switched", at=AT, profile="bakery@3"
    ),
    "run_started": decisions.RunStarted(turn="t1", run="run_1", attempt=1, at=AT, profile="bakery@3"),
    "reply": decisions.Reply(
        id="r1", turn="t1", chat=CHAT, account="local", text="hi", in_reply_to=("m1",), author="assistant", at=AT,
        profile="bakery@3",
    ),
}  # fmt: skip
"""Decisions about a turn that a profile answers."""

LATER: dict[str, Inbound | Decision] = {
    "tool_returned": ToolReturned(
        turn="t1", call="call_1", output="asked", at=AT, quiet=True, passages=(Passage("shop/prices.pdf", 7, 2),)
    ),
    "receipt": inbound.Receipt(
        id="x1", reply="r1", state="failed", at=AT, part=2, parts=3, instead="hello:pt_BR", template="hi:en"
    ),
    "control": inbound.Control(
        id="joined:99887766@lid", command="join", until=AT, messages=("BR.1349@bsuid",), into=CHAT,
        from_="99887766@lid", admission="blocked", stopped=True, held="taken_over", reset=41, unsent="r1",
    ),
    "turn_started": decisions.TurnStarted(
        turn="t2", messages=("m1",), backend="chat", at=AT, instead="t1", fallback="rate_limited"
    ),
    "reply": decisions.Reply(
        id="r1", turn="t1", chat=CHAT, account="local", text="hi", in_reply_to=("m1",), author="assistant", at=AT,
        fallback="rate_limited",
        usage=decisions.TokenUsage(input_tokens=12, output_tokens=34, cached_tokens=5, seconds=6),
    ),
    "joined": Joined(
        into=CHAT, at=AT, cause="join:99887766@lid", reset=41, asked="t1.h", unsent="r1", others=("BR.1349@bsuid",)
    ),
    "erased": decisions.Erased(upto=42, at=AT, joined=("99887766@lid",)),
}  # fmt: skip
"""Fields that were added after the bytes of their type had been pinned."""

INFORMING: dict[str, Inbound | Decision] = {
    "control": inbound.Control(id="k1", command="send", text="Shipped.", takeover=False, due=AT, opted_out=True),
    "erased": decisions.Erased(upto=42, at=AT, opted_out=True),
    "joined": Joined(at=AT, into=CHAT, opted_out=True),
    "in": inbound.Message(id="3EB0A9", kind="system", text="Wants no more marketing messages", marketing=False),
    "tool_returned": ToolReturned(turn="t1", call="call_1", output="sent", at=AT, quote=True, quiet=True),
    "reply": decisions.Reply(
        id="r1", turn=None, chat=CHAT, account="local", text="hi", in_reply_to=(), author="assistant", at=AT,
        quote="", previews=True,
    ),
}  # fmt: skip
"""Words by order that take no chat over, and what the person wants of such; quotes and previews."""

SOURCED: dict[str, Inbound | Decision] = {
    "tool_returned": ToolReturned(
        turn="t1", call="call_1", output="asked", at=AT, passages=(Passage("shop/prices.pdf", 7, 2, AT),)
    ),
}
"""Passages with the time of their document."""

COSTED: dict[str, Inbound | Decision] = {
    "tool_returned": ToolReturned(
        turn="t1", call="call_1", output="asked", at=AT, usage=decisions.TokenUsage(7), model="text-embedding-x"
    ),
}
"""Calls of tools that cost tokens."""

SHARED: dict[str, Inbound | Decision] = {
    "control": inbound.Control(
        id="k1", command="label", to="bea", add=("VIP",), remove=("new", "são paulo"), state="snoozed",
        snoozed_until=AT, unanswered=AT,
    ),
    "joined": Joined(
        at=AT, into=CHAT, assigned="bea", labels=("VIP", "são paulo"), state="snoozed", snoozed_until=AT, unanswered=AT
    ),
}  # fmt: skip
"""The work that users share on a chat."""

UNCHANGED: dict[str, Inbound | Decision] = {
    "paused": decisions.Paused(until=None, at=AT, by="ana", cause="k1", unchanged=True),
    "resumed": decisions.Resumed(at=AT, by="ana", cause="k1", unchanged=True),
    "approved": Approved(at=AT, by="ana", cause="k1", unchanged=True),
    "blocked": Blocked(at=AT, by="ana", cause="k1", unchanged=True),
    "assigned": Assigned(to="bea", at=AT, by="ana", cause="k1", unchanged=True),
    "labelled": Labelled(add=("vip",), at=AT, by="ana", cause="k1", unchanged=True),
    "resolved": Resolved(state="open", at=AT, by="ana", cause="k1", unchanged=True),
}
"""Events of orders that changed nothing."""
