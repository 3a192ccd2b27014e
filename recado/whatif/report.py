"""Compares the replies then with the replies now, turn by turn and in sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from events.decisions import Attention, Ignored, Reply, TurnFailed
from events.subjects import ChatKey
from events.usage import TokenUsage
from recado.whatif.past import Ending, Past
from recado.whatif.recorded import CallSeen
from recado.whatif.rehearsal import Rehearsed
from recado.whatif.replay import Choice, Chosen
from recado.whatif.sums import Sums, seconds_of, sums_now, sums_then, turn_of

History = Literal["as it was", "continued"]


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message as the model got it; `name` in groups only."""

    text: str
    name: str = ""


class Side(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ending of a turn, then or now.

    - `ending`: `reply`, `failed`, `ignored`, `attention` (a human was asked for), `open` (then: no ending yet) or
      `none` (now: not answered).
    - `text`: the reply, or the reason for none.
    - `author`: the author of the reply.
    - `backend`: the backend of the reply.
    - `model`: the model of the reply.
    - `input_tokens`: the tokens that the model read.
    - `output_tokens`: the tokens that the model wrote.
    - `seconds`: the duration of the turn (then), or of the model's work (now).
    - `shared_with`: the number of messages of other turns that this ending is also about.
    - `profile`: the profile of a reply, or the one that is tried; absent: the instance's own settings.
    """

    ending: Literal["reply", "failed", "ignored", "attention", "open", "none"]
    text: str
    author: str = "assistant"
    backend: str | None = None
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float | None = None
    shared_with: int = 0
    profile: str = ""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A turn, answered again, beside the log's endings of its messages.

    - `account`: the account of its chat.
    - `chat`: the chat's JID.
    - `at`: when the turn would have begun.
    - `messages`: the ids of its messages.
    - `said`: the messages as the model got them.
    - `then`: the log's endings of these messages.
    - `now`: the new ending.
    - `calls`: the tool calls of the model now.
    - `moment`: what the model was told of the moment, as it was then; empty: nothing.
    """

    account: str
    chat: str
    at: datetime
    messages: tuple[str, ...]
    said: tuple[Said, ...]
    then: tuple[Side, ...]
    now: Side
    calls: tuple[CallSeen, ...] = ()
    moment: str = ""


def counted(number: int, what: str) -> str:
    """`1 turn`, `2 turns`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Turns and chats that a limit left unanswered.

    - `turns`: the number of turns beyond --max-turns or --max-tokens.
    - `chats`: the number of chats that were not planned, so their turns are not counted.
    - `because`: the options with these limits.
    """

    turns: int = 0
    chats: int = 0
    because: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The trial.

    - `since`, `until`: its time.
    - `changed`: the changed settings, by variable.
    - `backend`: the backend that answered.
    - `model`: the model that answered.
    - `debounce`: the debounce in seconds.
    - `history`: `as it was` or `continued` (--continue).
    - `max_turns`: the most turns to answer.
    - `max_tokens`: the token budget.
    - `profile`: the profile that is tried; empty: for each chat the one in force.
    """

    since: datetime
    until: datetime
    changed: dict[str, str]
    backend: str
    model: str
    debounce: float
    history: History
    max_turns: int
    max_tokens: int
    profile: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report.

    - `asked`: the trial.
    - `turns`: the answered turns, each beside the log's endings.
    - `then`: the sums of the log's turns.
    - `now`: the sums of the new answers.
    - `left_out`: turns and chats beyond the limits.
    - `threads`: the provider's threads that the trial made and that still exist.
    """

    asked: Asked
    turns: tuple[Compared, ...]
    then: Sums
    now: Sums
    left_out: LeftOut
    threads: tuple[str, ...] = ()


def report(
    asked: Asked,
    choice: Choice,
    results: Sequence[Sequence[Rehearsed]],
    threads: Sequence[str],
    profile_of: Callable[[ChatKey], str],
) -> Report:
    """Compare the results of the chosen turns with the log's endings. `profile_of` gives a chat's profile in the trial,
    for people."""
    pairs = [(chosen, one) for chosen, done in zip(choice.chats, results, strict=True) for one in done]
    answered = [(chosen, one) for chosen, one in pairs if one.ending is not None]
    unanswered = sum(one.is_left_out for _, one in pairs)
    because = [f"--max-tokens {asked.max_tokens}"] if unanswered else []
    if choice.turns_left_out or choice.chats_left_out:
        because.insert(0, f"--max-turns {asked.max_turns}")
    return Report(
        asked=asked,
        turns=tuple(_compared(chosen, one, profile_of(chosen.past.key)) for chosen, one in pairs),
        then=sums_then(answered),
        now=sums_now([one for _, one in answered]),
        left_out=LeftOut(turns=choice.turns_left_out + unanswered, chats=choice.chats_left_out, because=tuple(because)),
        threads=tuple(threads),
    )


def _compared(chosen: Chosen, one: Rehearsed, profile: str) -> Compared:
    past, key = chosen.past, chosen.past.key
    return Compared(
        account=key.account,
        chat=key.chat,
        at=one.turn.at,
        messages=one.turn.messages,
        said=tuple(Said(text=line.text, name=line.name) for line in one.lines),
        then=tuple(_then(past, one.turn.messages)),
        now=msgspec.structs.replace(_now(one), profile=profile),
        calls=one.calls,
        moment=one.moment,
    )


def _then(past: Past, messages: tuple[str, ...]) -> Iterable[Side]:
    """The log's endings of these messages, each once."""
    endings = _distinct(past.endings[message] for message in messages if message in past.endings)
    for ending in endings:
        turn = turn_of(past, ending)
        others = set(_named(ending)) - set(messages)
        side = _side(ending, ending.usage if isinstance(ending, Reply) else TokenUsage(), seconds_of(turn))
        yield msgspec.structs.replace(side, shared_with=len(others))
    if any(message not in past.endings for message in messages):
        yield Side(ending="open", text="no ending yet")


def _now(one: Rehearsed) -> Side:
    if one.ending is None:
        usage = one.usage
        return Side(ending="none", text=one.note, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
    return _side(one.ending, one.usage, one.seconds)


def _side(ending: Ending, usage: TokenUsage, seconds: float | None) -> Side:
    side = Side(
        ending="reply", text="", input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, seconds=seconds
    )
    change = msgspec.structs.replace
    match ending:
        case Reply(text=text, author=author, backend=backend, model=model, profile=profile):
            by = profile if isinstance(profile, str) else ""
            return change(side, text=text, author=author, backend=backend, model=model, profile=by)
        case TurnFailed(error=error):
            return change(side, ending="failed", text=f"{error.class_}: {error.detail}")
        case Attention(text=text):
            return change(side, ending="attention", text=text)
        case Ignored(reason=reason):
            return change(side, ending="ignored", text=reason, seconds=None)


def _named(ending: Ending) -> tuple[str, ...]:
    return ending.in_reply_to if isinstance(ending, Reply) else ending.messages


def _distinct(endings: Iterable[Ending]) -> list[Ending]:
    found: list[Ending] = []
    for ending in endings:
        if not any(ending is other for other in found):
            found.append(ending)
    return found
