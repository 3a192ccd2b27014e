"""The settings of whom recado answers, and of when it leaves a chat to a human."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from recado.media_settings import MediaSettings
from recado.variables import Variable, choice, duration, text


class PeopleSettings(MediaSettings, frozen=True, kw_only=True):
    """What recado was told about people."""

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
    handoff: Annotated[
        Literal["on", "off"],
        Variable(
            name="RECADO_HANDOFF",
            reader=choice("on", "off"),
            meaning="`on`: the model may ask for a human; it is offered the tool `handoff`.",
            example="on",
        ),
    ] = "off"
    handoff_text: Annotated[
        str,
        Variable(
            name="RECADO_HANDOFF_TEXT",
            reader=text(),
            meaning="What people are sent, once, whose chat the model or a tool gives to a human. Empty: nothing.",
            example="Vou chamar uma colega. Ela responde aqui.",
            keep_empty=True,
        ),
    ] = "I have asked a colleague, who will answer you here."
