"""Mutated webhooks: nothing crashes, nothing is dropped silently, and nobody is answered who sent no content.

    python -m tests.fuzz.mutated [--inputs 100000] [--seed N]

A webhook of a type that Meta documents is spoiled in one to four places and goes through the parser, the log's bytes
and the rules of its chat. `make fuzz` runs it after the worlds; the suite runs a few hundred.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random, SystemRandom
from typing import Any

from chat.evolve import folded
from chat.pending import pending
from chat.state import Chat
from chat.work import Due, EndBurst, Refuse, Rules
from events.codec import encode, read
from events.inbound import INBOUND_TYPE_OF, Message
from events.recorded import Recorded
from events.subjects import partition, token
from gateways.cloud.parsing import Parser
from gateways.cloud.updates import Arrived, News, Notice, Renamed, Unread, Update
from tests.chat.story import SETTING
from tests.doubles.graph_webhooks import change, contact, fault, message, one_number, status

SAID = "words-of-the-person"
AT = datetime.fromtimestamp(1_790_000_060, UTC)
"""A minute after the messages were sent."""
CONTENT = frozenset({
    "text", "image", "audio", "video", "document", "location", "contacts", "button", "interactive", "order",
})  # fmt: skip
"""Meta's types that a person writes, as Meta documents them; of `unsupported` ones these inner types and this code."""
INNER = frozenset({
    "event", "gif", "group_invite", "image", "link_preview", "list", "location", "media_placeholder", "order",
    "poll_creation", "product", "view_once",
})  # fmt: skip
UNAVAILABLE = 131060
_FILE = {"id": "9", "mime_type": "image/jpeg", "sha256": "x", "caption": SAID, "filename": "a.pdf", "voice": False}
TYPES: dict[str, Any] = {
    "text": {"body": SAID},
    **dict.fromkeys(("image", "audio", "video", "document", "sticker"), _FILE),
    "location": {"latitude": 37.4611978, "longitude": -122.15, "name": SAID, "address": "x"},
    "contacts": [{"name": {"formatted_name": SAID}, "phones": [{"phone": "+1"}], "emails": [{"email": "a@b"}]}],
    "button": {"text": SAID, "payload": "p"},
    "interactive": {"type": "list_reply", "list_reply": {"id": "r", "title": SAID, "description": "d"}},
    "order": {"catalog_id": "1", "text": SAID, "product_items": [{"product_retailer_id": "rye", "quantity": 2}]},
    "reaction": {"message_id": "wamid.0", "emoji": "x"},
    "edit": {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": SAID}}},
    "revoke": {"original_message_id": "wamid.0"},
    "system": {"type": "user_changed_number", "body": SAID, "wa_id": "1", "new_wa_id": "2"},
    "unsupported": {"type": "poll_update"},
    "request_welcome": {},
    "call": {"id": "c"},
}
_BESIDE: dict[str, Any] = {
    "context": {
        "from": "1", "id": "wamid.0", "forwarded": True, "frequently_forwarded": False,
        "referred_product": {"catalog_id": "1", "product_retailer_id": "rye"},
    },
    "referral": {"source_url": "https://x", "source_id": "1", "source_type": "ad", "headline": "h", "ctwa_clid": "c"},
    "errors": [fault(131051)],
    "identity": {"acknowledged": True, "hash": "x"},
    "group_id": "120363041234567890",
}  # fmt: skip
SPOILED: tuple[Any, ...] = (
    None, [], {}, 0, 7, -1, -1.5, 1e300, True,
    False, "", " ", "0", "true", "x" * 5000, 2**63, 2**70, [None], [[]], [{}],
    {"x": [{}]}, {"": None}, "\u0000\u202e", "\ud83d\ude00", "1790000000", "text", "unsupported", "edit", "seq:1", "@",
    *CONTENT,
)  # fmt: skip
_PARSER = Parser(one_number())
_RULES: Rules = SETTING


def made(random: Random, number: int) -> Any:
    """A sound webhook of one message, a status, or one of each."""
    type_ = random.choice(list(TYPES))
    fields = {type_: TYPES[type_]} | {name: _BESIDE[name] for name in _BESIDE if random.random() < 0.2}
    if random.random() < 0.1:
        fields["unsupported"] = {"type": random.choice(["view_once", "edit", "pin", "poll_creation"])}
    written = message(f"wamid.{number}", type_, **fields)
    parts: dict[str, Any] = {"messages": [written], "contacts": [contact(user_id="US.1349")]}
    if random.random() < 0.3:
        parts["statuses"] = [status("wamid.s", random.choice(["sent", "read", "failed"]), "x", errors=[fault(131047)])]
    if random.random() < 0.3:
        del parts["messages"]
    one = change(random.choice(["messages"] * 8 + ["smb_message_echoes", "calls"]), **parts)
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "time": 1, "changes": [one]}]}


def mutated(random: Random, webhook: Any) -> bytes:
    """The webhook, spoiled in one to four places."""
    whole = json.loads(json.dumps(webhook))
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        holder, key = random.choice(list(_places(whole)))
        kind = random.random()
        if kind < 0.15:
            del holder[key]
        elif kind < 0.25:
            holder[key] = [holder[key], copy.deepcopy(holder[key])]
        elif kind < 0.35:
            holder[key] = {"x": holder[key]}
        else:
            holder[key] = copy.deepcopy(random.choice(SPOILED))
        if not whole:
            break
    body = json.dumps(whole, ensure_ascii=random.random() < 0.5).encode(errors="replace")
    if random.random() < 0.03:
        place = random.randrange(len(body))
        body = body[:place] + bytes([random.randrange(256)]) + body[place + random.choice((0, 1)) :]
    return body


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each field and element within, as its holder and its name or place there."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def fate(body: bytes) -> Counter[str]:
    """What became of the webhook's updates. AssertionError: something was dropped, or somebody hears what they should
    not."""
    updates = _PARSER.parse(body)
    if SAID.encode() in body:
        assert any(_holds_the_words(update) for update in updates), "the words are nowhere"
    found: Counter[str] = Counter()
    for update in updates:
        if not isinstance(update, Arrived):
            found[_named(update)] += 1
            continue
        recorded = stored(update)
        found[recorded.type] += 1
        if speaks(recorded):
            found["heard"] += 1
            said = json.loads(bytes(update.raw).decode(errors="replace"))
            assert is_content(said), f"nobody asked for a word about {said}"
    return found


def _named(update: Unread | News | Notice | Renamed) -> str:
    match update:
        case Unread():
            return "dead letters"
        case Notice():
            return update.what
        case News():
            return "news"
        case Renamed():
            return "another name"


def _holds_the_words(update: Update) -> bool:
    """Whether the log, a dead letter or a log line has them. A change of another field is told by its name."""
    if isinstance(update, News | Renamed):
        return True
    if isinstance(update, Notice):
        return update.what in ("account_update", "system", "other_status", "account_error")
    raw = update.raw if isinstance(update, Unread) else encode(update.event) + bytes(update.raw)
    return SAID.encode() in raw


def stored(update: Arrived) -> Recorded:
    """The event as every reader has it from the log."""
    key, type_ = update.key, INBOUND_TYPE_OF[type(update.event)]
    subject = f"evt.{partition(key)}.{token(key.account)}.{token(key.chat)}.i.{type_}"
    recorded = read(1, subject, AT, None, encode(update.event))
    assert recorded.event == update.event or isinstance(update.event, Message), recorded.event
    assert type(recorded.event) is type(update.event) or str(getattr(update.event, "id", "")).startswith("seq:"), (
        recorded.event
    )
    return recorded


def speaks(recorded: Recorded, chat: Chat = Chat()) -> bool:  # noqa: B008 - it is frozen
    """Whether the event makes the chat write anything: an answer or a notice."""
    state, defect = folded(chat, recorded)
    assert defect is None, defect
    work = pending(state, AT, _RULES)
    return any(
        isinstance(one, EndBurst)
        or (isinstance(one, Refuse) and _is_told(state, one))
        or (isinstance(one, Due) and not isinstance(one, Refuse))
        for one in work
    )


def _is_told(state: Chat, refusal: Refuse) -> bool:
    waiting = {message.id: message for message in state.waiting}
    return any(not waiting[id_].silent and waiting[id_].fault == "unsupported_kind" for id_ in refusal.messages)


def is_content(said: dict[str, Any]) -> bool:
    """Whether a person wrote Meta's message `said`, told apart from it alone."""
    inner = said.get("unsupported")
    errors = said.get("errors")
    codes = [one.get("code") for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return (
        said.get("type") in CONTENT
        or (isinstance(inner, dict) and inner.get("type") in INNER)
        or any(str(code) == str(UNAVAILABLE) for code in codes)
    )


def run(seed: int, inputs: int) -> Counter[str]:
    """So many webhooks. Raises AssertionError, which names the seed, the number and the webhook."""
    random, whole = Random(seed), Counter[str]()
    for number in range(inputs):
        body = mutated(random, made(random, number))
        try:
            whole += fate(body)
        except Exception as broken:
            raise AssertionError(f"FUZZ_SEED={seed}, webhook {number}: {broken!r}\n{body[:3000]!r}") from broken
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutated webhooks.")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FUZZ_SEED") or SystemRandom().randrange(10**9)))
    given, _ = parser.parse_known_args()
    began = time.monotonic()
    try:
        found = run(given.seed, given.inputs)
    except AssertionError as broken:
        sys.stdout.write(f"BROKEN {broken}\n")
        return 1
    told = {"seed": given.seed, "webhooks": given.inputs, "seconds": round(time.monotonic() - began, 1), **found}
    sys.stdout.write(f"{json.dumps(told)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
