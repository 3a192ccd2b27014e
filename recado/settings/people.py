"""The settings of whom recado answers and when, and of when it leaves a chat to a human."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from chat.gates import Gates
from chat.hours import Hours, Span
from recado.people_variables import hours, people, words, zone
from recado.settings.media import MediaSettings
from recado.settings.variables import Variable, choice, duration, whole
from recado.settings.whatsapp import UNSET_ACCOUNT


class PeopleSettings(MediaSettings, frozen=True, kw_only=True):
    """What recado was told about people."""

    allow: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_ALLOW",
            reader=people(),
            meaning="Only these people and groups are answered. In a group its JID counts, and the sender's.",
            example="5511999999999, 4930*, 120363041234567890@g.us",
        ),
    ] = ()
    block: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_BLOCK",
            reader=people(),
            meaning="These people and groups are not answered, and not told so.",
            example="5511888888888",
        ),
    ] = ()
    pairing: Annotated[
        Literal["on", "off"],
        Variable(
            name="RECADO_PAIRING",
            reader=choice("on", "off"),
            meaning="`on`: whoever is not in `RECADO_ALLOW` is told a code (`RECADO_PAIRING_TEXT`), and answered once "
            "`recado approve` was given it.",
            example="on",
        ),
    ] = "off"
    groups: Annotated[
        Literal["off", "mentioned", "always"],
        Variable(
            name="RECADO_GROUPS",
            reader=choice("off", "mentioned", "always"),
            meaning="Which messages in groups are answered: none, those that mention the bot or quote it, or all. The "
            "others are context of the next answer.",
            example="always",
        ),
    ] = "mentioned"
    mentions: Annotated[
        tuple[str, ...],
        Variable(
            name="RECADO_MENTIONS",
            reader=people(),
            meaning="The bot's own numbers or JIDs: who mentions one of them in a group means the bot.",
            example="5511977777777",
        ),
    ] = ()
    messages_per_hour: Annotated[
        int,
        Variable(
            name="RECADO_MESSAGES_PER_HOUR",
            reader=whole(0, 100_000, "messages"),
            meaning="How many messages of one sender in a chat are answered in an hour of the clock. 0: any number. "
            "The account `local`, of the simulated phones, is not counted.",
            example="60",
        ),
    ] = 120
    bot_loop: Annotated[
        int,
        Variable(
            name="RECADO_BOT_LOOP",
            reader=whole(0, 100_000, "turns"),
            meaning="After how many turns in a row, each within 3 seconds of the last answer, somebody is taken for a "
            "bot and left alone for 10 minutes. 0: never.",
            example="20",
        ),
    ] = 500
    stop_words: Annotated[
        frozenset[str],
        Variable(
            name="RECADO_STOP_WORDS",
            reader=words(),
            meaning="Whoever writes one of these, and nothing else, gets no answers any more. Empty: there are none.",
            example="stop, parar",
            keep_empty=True,
        ),
    ] = frozenset({"stop"})
    start_words: Annotated[
        frozenset[str],
        Variable(
            name="RECADO_START_WORDS",
            reader=words(),
            meaning="Whoever has written a stop word is answered again after one of these.",
            example="start, voltar",
            keep_empty=True,
        ),
    ] = frozenset({"start"})
    hours: Annotated[
        tuple[Span, ...],
        Variable(
            name="RECADO_HOURS",
            reader=hours(),
            meaning="When people are answered. What they write at other times is not answered later; they are told so "
            "(`RECADO_CLOSED_TEXT`). Not set: always.",
            example="Mon-Fri 09:00-18:00; Sat 10:00-13:00",
        ),
    ] = ()
    timezone: Annotated[
        str,
        Variable(
            name="RECADO_TIMEZONE",
            reader=zone(),
            meaning="The time zone of `RECADO_HOURS`.",
            example="America/Sao_Paulo",
        ),
    ] = "UTC"
    takeover: Annotated[
        timedelta,
        Variable(
            name="RECADO_TAKEOVER",
            reader=duration(timedelta(0), timedelta(days=30)),
            meaning="How long a chat is left to a human who wrote in it by hand, counted from the last word. "
            "0s: the bot goes on at once.",
            example="2h",
        ),
    ] = timedelta(minutes=30)
    retention: Annotated[
        timedelta,
        Variable(
            name="RECADO_RETENTION",
            reader=duration(timedelta(0), timedelta(days=3650)),
            meaning="A chat in which nothing has happened for so long is erased, as `recado erase` does it. 0s: never.",
            example="90d",
        ),
    ] = timedelta(0)
    handoff: Annotated[
        Literal["on", "off"],
        Variable(
            name="RECADO_HANDOFF",
            reader=choice("on", "off"),
            meaning="`on`: the model may ask for a human; it is offered the tool `handoff`.",
            example="on",
        ),
    ] = "off"

    @property
    def gates(self) -> Gates:
        """Who is answered, and when."""
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
