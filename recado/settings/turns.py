"""The settings of turns: their times and their limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from events.phrases import Phrase
from recado.settings.variables import Variable, choice, duration, emoji, seconds, whole


@dataclass(frozen=True, kw_only=True, repr=False)
class TurnSettings:
    """The settings of turns."""

    debounce: Annotated[
        float,
        Variable(
            name="RECADO_DEBOUNCE",
            reader=seconds(0, 300),
            meaning="The time for which recado waits for another message before it answers all of them together. It "
            "waits at most ten times as long in all.",
            example="0.5",
        ),
    ] = 1.0
    run_timeout: Annotated[
        float,
        Variable(
            name="RECADO_RUN_TIMEOUT",
            reader=seconds(0.1, 3600),
            meaning="The longest time for a reply, retries included, before the turn fails.",
            example="60",
        ),
    ] = 120.0
    one_moment_after: Annotated[
        timedelta,
        Variable(
            name="RECADO_ONE_MOMENT_AFTER",
            profile=True,
            reader=duration(timedelta(0), timedelta(hours=1)),
            meaning="The time after the start of a turn at which a person without an answer is told to wait "
            "(`RECADO_ONE_MOMENT_TEXT`), once in a turn. 0s: never.",
            example="10s",
        ),
    ] = timedelta(seconds=20)
    acknowledge: Annotated[
        str,
        Variable(
            name="RECADO_ACKNOWLEDGE",
            profile=True,
            reader=emoji(),
            meaning="The emoji with which recado reacts to a person's message when it begins to answer it, so that "
            "they see that it was read. It stays when the answer comes. WhatsApp counts it as a message of yours. If "
            "unset, recado reacts to nothing.",
            example="👀",
        ),
    ] = ""
    quote: Annotated[
        Literal["unclear", "always", "never"],
        Variable(
            name="RECADO_QUOTE",
            profile=True,
            reader=choice("unclear", "always", "never"),
            meaning="The answers that quote the message that they answer. `unclear`: those in groups, to several "
            "messages, and after which the person has written more. A tool or an operator may quote all the same.",
            example="always",
        ),
    ] = "unclear"
    link_previews: Annotated[
        Literal["on", "off"],
        Variable(
            name="RECADO_LINK_PREVIEWS",
            profile=True,
            reader=choice("on", "off"),
            meaning="`on`: the phone shows a preview of the first link of a text, which Meta's servers fetch.",
            example="on",
        ),
    ] = "off"
    max_runs: Annotated[
        int,
        Variable(
            name="RECADO_MAX_RUNS",
            profile=True,
            reader=whole(1, 100_000, Phrase("turns")),
            meaning="The number of turns that may run at once with one key, in all instances of a bus together; each "
            "instance takes an equal share. Further messages wait, fairly over accounts and in each first come, first "
            "served, and are then answered together, chat by chat. In a profile it limits the turns of the profile's "
            "chats besides.",
            example="50",
        ),
    ] = 512
    max_tokens_per_chat_per_day: Annotated[
        int,
        Variable(
            name="RECADO_MAX_TOKENS_PER_CHAT_PER_DAY",
            profile=True,
            reader=whole(0, 10**11, Phrase("tokens")),
            meaning="The tokens, input and output, that a chat may cost in a day (UTC). After that its messages end as "
            "`ignored: budget`, before the model is asked. 0: no limit.",
            example="200000",
        ),
    ] = 0
    stale_after: Annotated[
        timedelta,
        Variable(
            name="RECADO_STALE_AFTER",
            reader=duration(timedelta(seconds=1), timedelta(days=3650)),
            meaning="Messages older than this are not answered any more: they end as `ignored: stale`.",
            example="90m",
        ),
    ] = timedelta(hours=24)
