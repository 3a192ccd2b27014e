"""Parses the bytes of a webhook into events: every message and every status of the batch, in its order.

Nothing is dropped: an update that is no event becomes a Notice (about the account, to be logged and counted) or Unread
(to be kept as it came).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from chat.gates import ME
from events.inbound import LONGEST_ID, Edit, Message, Pricing, Receipt, ReceiptState, Revoke
from events.jid import MalformedJid, canonical
from events.lenient import decode, whole_characters
from events.subjects import ChatKey
from gateways.cloud import tracker, wire
from gateways.cloud.account_news import news_of
from gateways.cloud.beside import Beside, call_of, payment_of, preference_of, time_of
from gateways.cloud.errors import number_of, told
from gateways.cloud.fields import is_of_a_chat
from gateways.cloud.file_receipts import of_file
from gateways.cloud.letters import apart
from gateways.cloud.lines import Line, Lines, displayed_in, unserved
from gateways.cloud.message_text import (
    inner_type_of,
    is_called,
    kind_of,
    media_of,
    new_text_of,
    references_of,
    text_of,
)
from gateways.cloud.people import (
    BSUID,
    UNREADABLE,
    MissingPart,
    alias,
    is_renaming,
    people_of,
    person_of,
    renamed_by,
    renamed_by_update,
)
from gateways.cloud.updates import Arrived, News, Notice, Unread, Unserved, Update

_LONGEST_DETAIL = 500
_LONGEST_TYPE = 64
_LONGEST_NAME = 256
_UPDATES = frozenset({"messages", "message_echoes", "statuses", "user_preferences", "calls", "user_id_update"})
_LISTS = _UPDATES | {"errors"}
_WHO_AND_WHAT = frozenset({"id", "from", "from_user_id", "to", "to_user_id", "group_id", "type"})
"""Fields without which a message might go to another person's chat, or mean something else."""
_NO_DIGIT = re.compile(r"[^0-9]")
_STATES: Mapping[str, ReceiptState] = {
    "accepted": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}

_envelopes = msgspec.json.Decoder(wire.Envelope)
_entries = msgspec.json.Decoder(wire.Entry)
_changes = msgspec.json.Decoder(wire.Change)
_values = msgspec.json.Decoder(wire.Value)
_messages = msgspec.json.Decoder(wire.Message)
_statuses = msgspec.json.Decoder(wire.Status)
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_user_ids = msgspec.json.Decoder(wire.UserIdUpdate)
_faults = msgspec.json.Decoder(wire.Fault)
_preferences = msgspec.json.Decoder(wire.Preference)
_calls = msgspec.json.Decoder(wire.Call)


class Parser:
    """Parses the webhooks of an app, those of the numbers in `lines`.

    - `template`: replaces replies that come too late (see RECADO_WINDOW_TEMPLATE).
    """

    def __init__(self, lines: Lines, template: str | None = None) -> None:
        self._lines = lines
        self._template = template

    def parse(self, body: bytes) -> list[Update]:
        """Every update of the batch. Never raises."""
        try:
            envelope = _envelope(body)
        except UNREADABLE as error:
            return [Unread(body, f"no webhook: {error}")]
        alone = body if len(envelope.entry) == 1 else None
        return [update for raw in envelope.entry for update in self._entry(raw, alone)]

    def _entry(self, raw: msgspec.Raw, whole: bytes | None) -> Iterator[Update]:
        """The updates of an entry; `whole` is kept in its place if it cannot be read."""
        try:
            entry = _entries.decode(raw)
        except UNREADABLE as error:
            yield Unread(whole if whole is not None else bytes(raw), f"no webhook: {error}")
            return
        for each in entry.changes:
            yield from self._change(each, entry)

    def _change(self, raw: msgspec.Raw, entry: wire.Entry) -> Iterator[Update]:
        try:
            change = _changes.decode(raw)
        except UNREADABLE as error:
            yield Unread(bytes(raw), f"no change: {error}")
            return
        if change.field != "user_id_update" and not is_of_a_chat(change.field):
            accounts = self._lines.of_news(entry.id, displayed_in(change.value))
            yield News(news_of(change.field, change.value, entry.id, entry.time, datetime.now(UTC)), accounts)
            return
        try:
            value, left_out = decode(change.value, _values)
        except UNREADABLE as error:
            yield Unread(bytes(raw), f"no value: {error}")
            return
        number = value.metadata.phone_number_id
        line = self._lines.get(number)
        if line is None:
            yield from (Unserved(each, unserved(number), number=number) for each in apart(raw, _LISTS))
            return
        self._lines.learn(line, entry.id, value.metadata.display_phone_number)
        for update in self._of_line(line, raw, change, value, left_out):
            yield update if isinstance(update, Arrived | News) else replace(update, account=line.account)

    def _of_line(
        self, line: Line, raw: msgspec.Raw, change: wire.Change, value: wire.Value, left_out: Iterable[str]
    ) -> Iterator[Update]:
        for field in _UPDATES.intersection(left_out):
            yield Unread(bytes(raw), f"its {field} are no list")
        is_empty = not any(getattr(value, name) for name in _LISTS)
        if is_empty and _LISTS.isdisjoint(_names(change.value)):
            yield Unread(bytes(raw), "it has no list that recado knows")
        yield from self._value(line, value)

    def _value(self, line: Line, value: wire.Value) -> Iterator[Update]:
        people = people_of(value.contacts, alone=len(value.messages) == 1)
        number = value.metadata.display_phone_number
        for each in value.messages:
            yield self._message(line, each, people, number, echo=False)
        for each in value.message_echoes:
            yield self._message(line, each, people, number, echo=True)
        for each in value.statuses:
            yield self._status(line, each)
        for each in value.user_preferences:
            yield self._beside(line, each, people, "preference", _preference)
        for each in value.calls:
            yield self._beside(line, each, people, "call", _call)
        for each in value.errors:
            yield _error(each)
        for each in value.user_id_update:
            yield self._renamed(each)

    def _message(
        self, line: Line, raw: msgspec.Raw, people: Mapping[str, wire.Contact], number: str, *, echo: bool
    ) -> Update:
        try:
            message, left_out = decode(raw, _messages)
            content = {message.type, f"{message.type}.body"}
            if unsure := (_WHO_AND_WHAT | content).intersection(left_out):
                return Unread(bytes(raw), f"no message: its {', '.join(sorted(unsure))} has another form")
            if message.type == "system" and is_renaming(message):
                return renamed_by(message)
            if message.type == "system":
                return Notice("system", {"type": message.system.type if message.system is not None else ""})
            key, sender, aliases, name = self._who(line, message, people, echo=echo)
            event = _event(message, sender, aliases, name, echo=echo)
            if isinstance(event, Message) and event.group and (digits := _NO_DIGIT.sub("", number)):
                mentions = (f"{digits}@s.whatsapp.net", ME) if is_called(event.text or "", digits) else ()
                event = replace(event, mentions=mentions)
            return Arrived(key, event, raw)
        except (*UNREADABLE, MalformedJid, MissingPart) as error:
            return Unread(bytes(raw), f"no message: {error}")

    def _who(
        self, line: Line, message: wire.Message, people: Mapping[str, wire.Contact], *, echo: bool
    ) -> tuple[ChatKey, str | None, tuple[str, ...], str | None]:
        """The chat, the sender (None if the chat is the sender's), the person's other JIDs, and the name."""
        number, user = (message.to, message.to_user_id) if echo else (message.from_, message.from_user_id)
        parent = message.to_parent_user_id if echo else message.from_parent_user_id
        if number and BSUID.fullmatch(number):
            number, user = None, user or number
        # A person who hides the number may be named only in `contacts`.
        contact = people.get(number or "") or people.get(user or "") or (None if number or user else people.get(""))
        if contact is not None:
            number, user = number or contact.wa_id, user or contact.user_id
            parent = parent or contact.parent_user_id
        person = person_of(number, user)
        aliases = tuple(other for other in (*alias(user), *alias(parent)) if other != person)
        name = contact.profile.name if contact is not None else None
        if message.group_id:
            return ChatKey(line.account, canonical(f"{message.group_id}@g.us")), person, aliases, name
        return ChatKey(line.account, person), None, aliases, name

    def _renamed(self, raw: msgspec.Raw) -> Update:
        """The change of a person's user id."""
        try:
            return renamed_by_update(decode(raw, _user_ids)[0])
        except (*UNREADABLE, MalformedJid, MissingPart) as error:
            return Unread(bytes(raw), f"no user id: {error}")

    def _status(self, line: Line, raw: msgspec.Raw) -> Update:
        try:
            status = decode(raw, _statuses)[0]
        except UNREADABLE as error:
            return Unread(bytes(raw), f"no status: {error}")
        if status.type == "payment":
            return self._beside(line, raw, {}, "payment", lambda _: payment_of(status))
        ours = tracker.read(status.biz_opaque_callback_data) or line.known.of(status.id)
        state = _STATES.get(status.status)
        if ours is None or state is None or not status.id:
            # Another program sent the message with this number, or the status means nothing for a reply.
            return Notice("other_status", {"status": status.status[:40]})
        try:
            key = ChatKey(line.account, canonical(ours.chat))
            fault = status.errors[0] if status.errors else None
            reason = told(fault.code, fault.detail) if fault is not None else None
            closed = reason is not None and reason.class_ == "window_closed" and ours.template is None
            receipt = Receipt(
                id=_named(status.id),
                reply=_named(ours.reply),
                state=state,
                provider_id=status.id,
                error=reason,
                at=time_of(status.timestamp),
                part=ours.part,
                parts=ours.of,
                instead=self._template if closed and state == "failed" else None,
                template=ours.template,
                pricing=_pricing(status.pricing),
            )
        except (MalformedJid, MissingPart) as error:
            return Unread(bytes(raw), f"no status: {error}")
        return Arrived(key, of_file(receipt, ours.file), raw)

    def _beside(
        self,
        line: Line,
        raw: msgspec.Raw,
        people: Mapping[str, wire.Contact],
        what: str,
        read: Callable[[msgspec.Raw], Beside | None],
    ) -> Update:
        """A person's act beside writing."""
        try:
            beside = read(raw)
            if beside is None:
                return Notice("other_call")
            person = person_of(beside.number, beside.user)
            contact = people.get(beside.number or "") or people.get(beside.user or "")
            name = contact.profile.name if contact is not None else None
            aliases = alias(beside.user) if beside.number and beside.user else ()
            message = replace(beside.message, name=name[:_LONGEST_NAME] if name else None, aliases=aliases)
        except (*UNREADABLE, MalformedJid, MissingPart) as error:
            return Unread(bytes(raw), f"no {what}: {error}")
        return Arrived(ChatKey(line.account, person), message, raw)


def _envelope(body: bytes) -> wire.Envelope:
    try:
        return _envelopes.decode(body)
    except msgspec.DecodeError:
        # Half a surrogate pair, from a text that was cut, is no JSON and would spoil the whole batch.
        mended = whole_characters(body)
        if mended == body:
            raise
        return _envelopes.decode(mended)


def _preference(raw: msgspec.Raw) -> Beside:
    return preference_of(decode(raw, _preferences)[0])


def _call(raw: msgspec.Raw) -> Beside | None:
    return call_of(decode(raw, _calls)[0])


def _names(raw: msgspec.Raw) -> set[str]:
    """The names of an object's fields; none if one of them cannot be read."""
    try:
        return set(_objects.decode(raw))
    except UNREADABLE:
        return set()


def _event(
    message: wire.Message, sender: str | None, aliases: tuple[str, ...], name: str | None, *, echo: bool
) -> Message | Edit | Revoke:
    id_, at = _named(message.id, LONGEST_ID), time_of(message.timestamp)
    if message.type == "edit" and message.edit is not None:
        of = _named(message.edit.original_message_id, LONGEST_ID)
        return Edit(id=id_, of=of, text=new_text_of(message.edit), at=at)
    if message.type == "revoke" and message.revoke is not None:
        return Revoke(id=id_, of=_named(message.revoke.original_message_id, LONGEST_ID), at=at)
    reaction = message.reaction if message.type == "reaction" else None
    codes = (number_of(one.code) for one in message.errors)
    return Message(
        id=id_,
        sender=sender,
        name=name[:_LONGEST_NAME] if name else None,
        at=at,
        kind=kind_of(message),
        text=text_of(message),
        media=media_of(message),
        quoted=(reaction.message_id or None if reaction is not None else None)
        or (message.context.id if message.context is not None else None),
        group=bool(message.group_id),
        aliases=aliases,
        from_me=echo,
        unsupported=inner_type_of(message),
        unsupported_code=next((code for code in codes if code is not None and abs(code) < 2**31), None),
        **references_of(message),
    )


def _error(raw: msgspec.Raw) -> Update:
    try:
        fault, _ = decode(raw, _faults)
    except UNREADABLE as error:
        return Unread(bytes(raw), f"no error: {error}")
    return Notice("account_error", {"code": fault.code, "detail": fault.detail[:_LONGEST_DETAIL]})


def _pricing(pricing: wire.Pricing | None) -> Pricing | None:
    if pricing is None:
        return None
    return Pricing(
        billable=pricing.billable,
        category=pricing.category and pricing.category[:_LONGEST_TYPE],
        type=pricing.type and pricing.type[:_LONGEST_TYPE],
    )


def _named(id_: str, longest: int = 512) -> str:
    if not 1 <= len(id_) <= longest:
        raise MissingPart(f"its id has {len(id_)} characters, not 1 to {longest}")
    return id_
