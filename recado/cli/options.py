"""Arguments and options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

import click

from events.inbound import LONGEST_ID
from events.jid import MalformedJid, from_text
from recado.settings.variables import duration, name

Moment = Callable[[datetime], datetime]


class ChatName(click.ParamType[str]):
    """A JID in any form, or a phone number alone; becomes the canonical JID."""

    name = "chat"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return from_text(value)
        except MalformedJid as error:
            self.fail(str(error), param, ctx)


class Text(click.ParamType[str]):
    """Any text. Bytes that are no text come from a terminal or a script with another encoding, and are refused."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            self.fail(f"{value[:40]!r} is no text in UTF-8: convert it, or set the terminal to UTF-8", param, ctx)
        return value


class MessageId(Text):
    """The id of a message as the log takes it."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        id_ = super().convert(value, param, ctx)
        if not 1 <= len(id_) <= LONGEST_ID:
            self.fail(f"it has {len(id_):,} characters, give 1 to {LONGEST_ID}", param, ctx)
        return id_


class Number(click.FloatRange):
    """A number in a range. `nan`, which compares with nothing, is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


class Account(click.ParamType[str]):
    """A business number or a device."""

    name = "account"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            account: str = name().read(value)
        except ValueError as error:
            self.fail(f"{value!r}, {error}", param, ctx)
        return account


class Until(click.ParamType[Moment]):
    """A length of time from now, or a time; without a zone it is this machine's.

    Becomes a function from now, which is the bus's time, to the end: this host's clock may be wrong.
    """

    name = "when"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        try:
            span: timedelta = duration(timedelta(seconds=1), timedelta(days=3650)).read(value)
        except ValueError:
            return self._moment(value, param, ctx)
        return lambda now: now + span

    def _moment(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        try:
            end = datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither a length of time (30m, 8h, 2d) nor a time (2026-12-24T18:00)", param, ctx)

        def until(now: datetime) -> datetime:
            if end <= now:
                raise click.BadParameter(f"{value} is over already", ctx, param)
            return end

        return until


class Past(click.ParamType[Moment]):
    """A length of time back from now, or a time; without a zone it is in `zone` (this machine's). Becomes a function as
    Until."""

    name = "when"

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        try:
            span: timedelta = duration(timedelta(seconds=1), timedelta(days=3650)).read(value)
        except ValueError:
            pass
        else:
            return lambda now: now - span
        try:
            given = datetime.fromisoformat(value)
            moment = given.replace(tzinfo=self._zone) if self._zone and not given.tzinfo else given.astimezone()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither a length of time (30m, 8h, 2d) nor a time (2026-12-24T18:00)", param, ctx)
        return lambda _: moment


def _one_text(ctx: click.Context, _: click.Parameter, words: tuple[str, ...]) -> str:
    if len(words) == 1:
        return words[0]
    raise click.UsageError(f'put the text into quotes, as it is one argument: "{" ".join(words)}"', ctx)


def _text_or_none(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> str | None:
    return _one_text(ctx, param, words) if words else None


chat_argument = click.argument("chat", type=ChatName())
text_argument = click.argument("text", type=Text(), nargs=-1, required=True, metavar="TEXT", callback=_one_text)
optional_text_argument = click.argument("text", type=Text(), nargs=-1, metavar="[TEXT]", callback=_text_or_none)
account_option = click.option(
    "--account", type=Account(), help="The business number or device  [default: RECADO_ACCOUNT]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
