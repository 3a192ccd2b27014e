"""The settings that decide which people recado answers, at which times, and when it leaves a chat to a human."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chat.arrival import plain_words, short_word
from chat.fold_constants import SHORT
from chat.gates import Gates
from chat.hours import DAYS, Hours, Span
from chat.words import START_WORDS, STOP_WORDS
from events.jid import MalformedJid, canonical
from events.phrases import Phrase
from recado.settings.variables import Reader, Variable, choice, duration, texts_joined, whole
from recado.settings.whatsapp import UNSET_ACCOUNT

_LIST = texts_joined(", ", Phrase("a comma"))

_NUMBER = re.compile(r"\+?[0-9][0-9 ()-]*")

_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")


def people() -> Reader:
    """Reads a tuple of JIDs, phone numbers, or prefixes of them that end with `*`."""

    def read(given: str) -> tuple[str, ...]:
        return tuple(_person(one.strip()) for one in given.split(",") if one.strip())

    return Reader(Phrase("phone numbers or JIDs with commas between them; a beginning ends with `*`"), read, _LIST)


def own_names() -> Reader:
    """Reads a tuple of JIDs, phone numbers, and names as `plain_words` gives them."""

    def read(given: str) -> tuple[str, ...]:
        return tuple(_own_name(one.strip()) for one in given.split(",") if one.strip())

    return Reader(Phrase("phone numbers, JIDs or names with commas between them"), read, _LIST)


def _own_name(given: str) -> str:
    name = given.removeprefix("@").strip()
    if "@" in name or not any(sign.isalpha() for sign in name):
        return _person(given)
    if "*" in name:
        raise ValueError(Phrase("in which %(text)s is no name: write it without `*`", text=repr(given)))
    return plain_words(name)


def words() -> Reader:
    """Reads words with commas between them as a frozenset, in the form in which they are compared."""

    def read(given: str) -> frozenset[str]:
        words = [word.strip() for word in given.split(",") if word.strip()]
        if long := next((word for word in words if not short_word(word)), None):
            raise ValueError(
                Phrase(
                    "in which %(text)s has more than %(most)s characters: give short words", text=repr(long), most=SHORT
                )
            )
        return frozenset(map(short_word, words))

    return Reader(Phrase("words with commas between them"), read, _LIST)


def hours() -> Reader:
    """Reads a tuple of Span, spans of a week."""

    def read(given: str) -> tuple[Span, ...]:
        return tuple(span for part in given.split(";") if part.strip() for span in _spans(part.strip().lower()))

    takes = Phrase("days and hours, such as `Mon-Fri 09:00-18:00; Sat 10:00-13:00`")
    return Reader(takes, read, texts_joined("; ", Phrase("a semicolon")))


def zone() -> Reader:
    def read(given: str) -> str:
        try:
            return ZoneInfo(given).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(Phrase("which is no time zone: give a name like America/Sao_Paulo")) from error

    return Reader(Phrase("the name of a time zone"), read)


def _person(given: str) -> str:
    beginning, star = (given[:-1], "*") if given.endswith("*") else (given, "")
    if _NUMBER.fullmatch(beginning):
        return re.sub("[^0-9]", "", beginning) + star
    if star and beginning and "*" not in beginning:
        return beginning.lower() + star
    try:
        return canonical(given)
    except MalformedJid as error:
        raise ValueError(
            Phrase("in which %(text)s is neither a phone number nor a JID nor a beginning with `*`", text=repr(given))
        ) from error


def _spans(part: str) -> list[Span]:
    match = _SPAN.fullmatch(part)
    if match is None or match[1] not in DAYS or (match[2] or match[1]) not in DAYS:
        raise ValueError(
            Phrase("in which %(text)s is no time: write Mon-Fri 09:00-18:00, and `;` between several", text=repr(part))
        )
    first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    opens, closes = _clock(match[3], match[4]), _clock(match[5], match[6])
    if closes <= opens:
        raise ValueError(
            Phrase(
                "in which %(text)s ends before it begins: write two spans where it goes past midnight", text=repr(part)
            )
        )
    return [Span(day, opens, closes) for day in days]


def _clock(hour: str, minute: str) -> time:
    if (int(hour), int(minute)) == (24, 0):
        return time.max
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(
            Phrase("in which %(time)s is no time of the day: the last one is 24:00", time=f"{hour}:{minute}")
        )
    return time(int(hour), int(minute))


@dataclass(frozen=True, kw_only=True, repr=False)
class PeopleSettings:
    """The settings about people."""

    allow: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_ALLOW",
            profile=True,
            reader=people(),
            meaning="Only these people and groups are answered. In a group its JID counts, and the sender's.",
            example="5511999999999, 4930*, 120363041234567890@g.us",
        ),
    ] = ()
    block: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_BLOCK",
            profile=True,
            reader=people(),
            meaning="These people and groups are ignored silently.",
            example="5511888888888",
        ),
    ] = ()
    pairing: Annotated[
        Literal["on", "off"],
        Variable(
            name="RECADO_PAIRING",
            profile=True,
            reader=choice("on", "off"),
            meaning="`on`: a person who is not in `RECADO_ALLOW` gets a code (`RECADO_PAIRING_TEXT`), and is answered "
            "after `recado approve` with that code.",
            example="on",
        ),
    ] = "off"
    groups: Annotated[
        Literal["off", "mentioned", "always"],
        Variable(
            name="RECADO_GROUPS",
            profile=True,
            reader=choice("off", "mentioned", "always"),
            meaning="The messages in groups that are answered: none, those that mention or quote the bot, or all. The "
            "others are context for the next answer.",
            example="always",
        ),
    ] = "mentioned"
    mentions: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_MENTIONS",
            profile=True,
            reader=own_names(),
            meaning="The bot's own numbers, JIDs, and names. In a group a mention of one of them is a mention of the "
            "bot, and so is a number after an `@` in the text, or a name anywhere in it.",
            example="5511977777777, Bia",
        ),
    ] = ()
    messages_per_hour: Annotated[
        int,
        Variable(
            name="RECADO_MESSAGES_PER_HOUR",
            profile=True,
            reader=whole(0, 100_000, Phrase("messages")),
            meaning="The number of messages of one sender in a chat that are answered in an hour of the clock. 0: no "
            "limit. The account `local`, of the simulated phones, has no limit.",
            example="60",
        ),
    ] = 120
    bot_loop: Annotated[
        int,
        Variable(
            name="RECADO_BOT_LOOP",
            profile=True,
            reader=whole(0, 100_000, Phrase("turns")),
            meaning="A sender who writes so many turns in a row, each within 3 seconds of the last answer, counts as a "
            "bot and is ignored for 10 minutes. 0: never.",
            example="20",
        ),
    ] = 500
    stop_words: Annotated[
        frozenset[str],
        Variable(
            name="RECADO_STOP_WORDS",
            profile=True,
            reader=words(),
            meaning="A person who writes one of these words, and nothing else, gets no answers any more. Empty: there "
            "are no such words.",
            example="stop, parar",
            keep_empty=True,
        ),
    ] = STOP_WORDS
    start_words: Annotated[
        frozenset[str],
        Variable(
            name="RECADO_START_WORDS",
            profile=True,
            reader=words(),
            meaning="A person who has written a stop word is answered again after one of these.",
            example="start, voltar",
            keep_empty=True,
        ),
    ] = START_WORDS
    hours: Annotated[
        tuple[Span, ...],
        Variable(
            name="RECADO_HOURS",
            profile=True,
            reader=hours(),
            meaning="The times at which people are answered. Messages at other times are not answered later either; "
            "people are told so (`RECADO_CLOSED_TEXT`). Unset: always.",
            example="Mon-Fri 09:00-18:00; Sat 10:00-13:00",
        ),
    ] = ()
    timezone: Annotated[
        str,
        Variable(
            name="RECADO_TIMEZONE",
            profile=True,
            reader=zone(),
            meaning="The time zone of `RECADO_HOURS`, and of the times that the model is told.",
            example="America/Sao_Paulo",
        ),
    ] = "UTC"
    takeover: Annotated[
        timedelta,
        Variable(
            name="RECADO_TAKEOVER",
            profile=True,
            reader=duration(timedelta(0), timedelta(days=30)),
            meaning="The time for which a chat is left to a human who wrote in it by hand, from the human's last "
            "message on. 0s: the bot goes on at once.",
            example="2h",
        ),
    ] = timedelta(minutes=30)
    retention: Annotated[
        timedelta,
        Variable(
            name="RECADO_RETENTION",
            reader=duration(timedelta(0), timedelta(days=3650)),
            meaning="A chat without any event for this time is erased, as by `recado erase`. 0s: never.",
            example="90d",
        ),
    ] = timedelta(0)
    handoff: Annotated[
        Literal["on", "off"],
        Variable(
            name="RECADO_HANDOFF",
            profile=True,
            reader=choice("on", "off"),
            meaning="`on`: the model gets the tool `handoff`, with which it may ask for a human.",
            example="on",
        ),
    ] = "off"

    @property
    def gates(self) -> Gates:
        """The gates that these settings make."""
        own = [f"{name}@s.whatsapp.net" if name.isdigit() else name for name in self.mentions]
        return Gates(
            allow=self.allow,
            block=self.block,
            pairing=self.pairing == "on",
            groups=self.groups,
            names=tuple(own),
            per_hour=self.messages_per_hour,
            uncounted=frozenset({UNSET_ACCOUNT}),
            loop_after=self.bot_loop,
            stop_words=self.stop_words,
            start_words=self.start_words,
            hours=Hours(self.hours, ZoneInfo(self.timezone)) if self.hours else None,
        )
