"""The moment of a turn by the chat's state and the chat's profile, and the lines that a model is shown with it."""

from __future__ import annotations

from collections.abc import Sequence

from actors.answering import Answering
from chat.context import Line
from chat.language import country_of
from chat.moment import Moment, in_zone, timed, told, with_moment
from chat.turn import Turn
from events.jid import is_group
from events.subjects import ChatKey


def moment_of(answering: Answering, key: ChatKey, turn: Turn, messages: Sequence[Line]) -> Moment | None:
    """The moment at which the turn with these messages began; None if models are told nothing of it."""
    zone = answering.zone
    if zone is None:
        return None
    at, in_group = in_zone(turn.began or turn.newest, zone), is_group(key.chat)
    return Moment(
        at=at,
        zone=zone.key,
        hours=answering.rules.gates.hours,
        account=key.account,
        name="" if in_group else next((line.by for line in reversed(messages) if line.by), ""),
        country="" if in_group else country_of(key.chat),
        last_wrote=None if in_group else turn.last_wrote,
    )


def lines_with(
    moment: Moment | None, history: Sequence[Line], messages: Sequence[Line]
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The history and the turn's messages with their times, and with the moment at their end."""
    if moment is None or moment.at.tzinfo is None:
        return tuple(history), tuple(messages)
    lines, count = timed((*history, *messages), moment.at.tzinfo), len(history)
    return lines[:count], with_moment(lines[count:], told(moment))


def messages_with(moment: Moment | None, messages: Sequence[Line]) -> tuple[Line, ...]:
    """The turn's messages where a thread has the history: the moment is their time, unless they are an hour older."""
    if moment is None or moment.at.tzinfo is None:
        return tuple(messages)
    return with_moment(timed(messages, moment.at.tzinfo, moment.at), told(moment))


def history_with(answering: Answering, history: Sequence[Line]) -> tuple[Line, ...]:
    """Lines of the history with their times."""
    return timed(history, answering.zone) if answering.zone is not None else tuple(history)
