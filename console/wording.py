"""Words for what tables and structs hold, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from chat.references import notes
from console.languages import Translate
from events.inbound import ReceiptError
from events.parts import Part
from events.read_back import read_back
from projections.reads.chat_list import Only
from projections.reads.costs import Cost, in_dollars
from projections.reads.spoken import KINDS, SPEAKERS
from projections.reads.views import ChatView, Entry, Found, LastWords
from projections.story import parts
from projections.story.order import COMMANDS
from projections.story.reasons import EXPLAINED, FAILED, NOT_SENT
from projections.tables.marks import SAID
from projections.trouble import OVERDUE_AFTER

SENT = {
    "accepted": "sent",
    "delivered": "delivered",
    "failed": "not delivered",
    "in_doubt": "in doubt",
    "parked": "perhaps not sent",
    "read": "read",
    "sending": "being sent",
    "sent": "sent",
}
"""The states of a reply on its way to the person."""

PARTLY = {
    "file_not_uploaded": "its file could not be given to WhatsApp",
    "file_refused": "the file was refused",
    "file_removed": "its file is not in the object store any more",
    "file_too_large": "its file is larger than WhatsApp takes",
}
"""The reasons for which a message went without its file; those of `projections.story.reasons` for operators."""

FILTERS: Mapping[Only, str] = {
    "human": "needs a human",
    "overdue": f"waiting for over {OVERDUE_AFTER.seconds // 60} minutes",
    "mine": "mine",
    "unassigned": "unassigned",
    "waiting": "waiting for us",
    "amiss": "failed or not delivered",
    **dict(SAID.items()),
}
"""The filters of the list."""

OF_META = {
    one: one
    for one in (
        "authentication", "marketing", "utility",
        "green", "yellow", "red", "unknown",
    )
}  # fmt: skip
"""Categories and qualities of templates in Meta's words."""

TEMPLATE_STATES: Mapping[str, str] = {
    "approved": "approved by Meta",
    "disabled": "disabled by Meta",
    "in_appeal": "in appeal at Meta",
    "paused": "paused by Meta",
    "pending": "pending at Meta",
    "rejected": "rejected by Meta",
}
"""States of templates: words that are said of nothing else, so that each language can make them agree."""

_LONGEST_DETAIL = 200
"""Characters of a provider's words that a line shows."""

TABLES: tuple[Mapping[Any, str], ...] = (
    EXPLAINED,
    FAILED,
    NOT_SENT,
    FILTERS,
    KINDS,
    OF_META,
    PARTLY,
    SAID,
    SENT,
    SPEAKERS,
    TEMPLATE_STATES,
)
"""Tables whose words are in the catalogs."""


def tables_of(_: Translate) -> dict[str, dict[str, str]]:
    """The tables that the page of the phones needs, by the names of their words."""
    tables: Mapping[str, Mapping[Any, str]] = {
        "commands": COMMANDS,
        "faults": FAILED,
        "kinds": KINDS,
        "not_sent": NOT_SENT,
        "reasons": EXPLAINED,
        "sent": SENT,
    }
    return {name: {word: _.gettext(text) for word, text in table.items()} for name, table in tables.items()}


def person(chat: str) -> str:
    """A chat's JID as people write it: a phone number, or the JID itself."""
    user, _, server = chat.partition("@")
    return f"+{user}" if server == "s.whatsapp.net" else chat


def called(_: Translate, one: ChatView | Found) -> str:
    """The name of a chat; its number where it has no name, or one that is the number in another written form."""
    number, name = person(one.chat), one.name or ""
    is_number = re.sub(r"[\W_]", "", name) in ("", number.removeprefix("+"))
    return number if is_number else name


def translated(_: Translate, text: str | None) -> str:
    """Words that a table or a setting has in English, escaped as any value."""
    return _.gettext(text) if text else ""


def template_state(_: Translate, status: str) -> str:
    """A state of a template; one that is in no table as Meta names it."""
    return _.gettext(TEMPLATE_STATES.get(status.lower(), status.lower()))


def said(_: Translate, words: object) -> str:
    """A phrase, or another text as it is."""
    return _.say(words)


def stored(_: Translate, text: str | None) -> str:
    """A fault's words that were stored: recado's own are said, those of others stay as they are."""
    return _.say(read_back(text or ""))


def plainly(_: Translate, reason: str | None) -> str:
    """The reason of `ignored` in words alone."""
    return _in_words(_, EXPLAINED, reason)


def fault(_: Translate, class_: str | None) -> str:
    """The class of a turn's fault in words alone."""
    return _in_words(_, FAILED, class_)


def speaker(_: Translate, one: LastWords | Entry) -> str:
    """The speaker, with a colon."""
    author = "phone" if isinstance(one, Entry) and one.from_me else one.author
    if author != "person":
        said = _.gettext(SPEAKERS.get(author, author))
    else:
        said = one.name or (person(one.sender) if one.sender else _("They"))
    return f"{said}:"


def kind(_: Translate, one: LastWords) -> str:
    """The kind of the message, if it was not words alone."""
    return _.gettext(KINDS.get(one.kind, one.kind))


def kind_words(_: Translate, kind: str) -> str:
    """A kind as in KINDS; nothing for words alone."""
    return _.gettext(KINDS.get(kind, kind))


def kind_named(_: Translate, kind: str) -> str:
    return _.gettext(KINDS.get(kind, kind))


def named_file(_: Translate, part: Part) -> str:
    return _.gettext(KINDS.get("voice" if part.voice else part.kind, part.kind))


def chose(_: Translate, one: Entry) -> str:
    """The choice that a message makes: its id and its title."""
    return _.say(parts.chose(one.choice, typed=one.typed)) if one.choice is not None else ""


def refers(_: Translate, one: Entry) -> list[str]:
    """The things to which a message refers beside its quote."""
    return [_.say(note) for note in notes(one.references)]


def mark(_: Translate, name: str) -> str:
    return _.gettext(SAID[name])  # type: ignore[index]  # any other name is a defect


def sent(_: Translate, state: str) -> str:
    return _.gettext(SENT.get(state, state))


def partly(_: Translate, error: ReceiptError) -> str:
    """The reason for which a part of a reply did not arrive as it was meant, with the provider's own words."""
    reason = PARTLY.get(error.class_ or "")
    said = _.gettext(reason) if reason else _("a message of it was not delivered")
    if error.detail:
        said = _("%(reason)s (%(detail)s)", reason=said, detail=stored(_, error.detail)[:_LONGEST_DETAIL])
    return _("partly undelivered: %(reason)s", reason=said)


def size(_: Translate, number: int) -> str:
    """Bytes in the unit that people read."""
    for unit, bytes_ in (("MB", 1000**2), ("kB", 1000)):
        if number >= bytes_:
            return f"{_.decimal(f'{number / bytes_:.1f}')} {unit}"
    return _.ngettext("%(num)s byte", "%(num)s bytes", number)


def count(_: Translate, number: float) -> str:
    return _.count(number)


def dollars(_: Translate, sum_: Decimal | None) -> str:
    """The sum for people: to the cent from a dollar on, below that to two digits that count."""
    return _.decimal(in_dollars(sum_)) if sum_ is not None else _("unknown")


def cost(_: Translate, sum_: Cost) -> str:
    """The sum, and how much of it is not known."""
    known = dollars(_, sum_.dollars)
    if not sum_.replies and not sum_.others:
        return known
    missing = [_.ngettext("%(num)s reply", "%(num)s replies", sum_.replies)] if sum_.replies else []
    if sum_.others:
        missing.append(_("%(tokens)s tokens of turns without a reply", tokens=_.count(sum_.others)))
    if len(missing) == 1:
        return _("at least %(sum)s (%(what)s of unknown price)", sum=known, what=missing[0])
    replies, others = missing
    return _("at least %(sum)s (%(what)s and %(others)s of unknown price)", sum=known, what=replies, others=others)


def _in_words(_: Translate, table: Mapping[Any, str], name: str | None) -> str:
    if not name:
        return _("no reason is given")
    if name not in table:
        return _("for a reason that this version does not know (%(name)s)", name=name)
    return _.gettext(table[name])
