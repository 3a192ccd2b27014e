"""The port between the desk and the profiles of a bus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from chat.hours import Span
from events.profile import Profile
from events.profile_log import Stored
from events.subjects import ChatKey


class ProfileField(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that a profile may have.

    - `name`: its field in a profile.
    - `topic`: the part of the configuration that it belongs to.
    - `meaning`, `takes`: sentences in Markdown.
    - `own`: its value in the instance's own settings, as text; empty: unset.
    - `shape`: the way in which it is edited.
    - `choices`: of the shape `choice`: the values, with their words where they have any.
    """

    name: str
    topic: str
    meaning: str
    takes: str
    own: str
    shape: Literal["line", "prompt", "long", "hours", "choice"] = "line"
    choices: tuple[str, ...] = ()


class ProfileFault(msgspec.Struct, frozen=True):
    """A fault of a draft: a sentence, and the field that it is about (empty: none in particular)."""

    field: str
    problem: str


class TrialAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A trial: the messages of the last `days`, at most so many turns and tokens."""

    days: int
    max_turns: int
    max_tokens: int


class NotTried(Exception):
    """The trial came to nothing; the message gives the reason."""


class Noted(msgspec.Struct, frozen=True):
    """The progress of a trial: turns done, turns in all, and the tokens that they cost so far."""

    done: int
    of: int
    tokens: int


class ProfileDesk(Protocol):
    """Profiles as the desk needs them. Calls that wait for the bus may raise LogError."""

    fields: Sequence[ProfileField]

    async def look(self) -> Stored:
        """The newest versions."""

    def selected(self, key: ChatKey) -> Profile | None:
        """The profile in force for a chat, as this process follows it; None: there is none."""

    async def history(self, name: str) -> list[Profile]:
        """Every version of a profile, the oldest first."""

    def shown(self, field: str, value: Any) -> str:
        """The value of a profile's field as text."""

    def week(self, text: str) -> Sequence[Span] | None:
        """The spans of a week that `text` means; None if it means none."""

    def faults(self, profile: Profile) -> Sequence[ProfileFault]:
        """The faults that keep the profile from being stored."""

    def lacks(self, profile: Profile) -> Sequence[str]:
        """The variables that the profile names and that are unset in this process."""

    async def save(self, profile: Profile, *, expected: int) -> None:
        """Store this version if the stream's last sequence is `expected`. Raises ProfilesChanged, ProfileUnreadable."""

    async def try_out(self, profile: Profile, asked: TrialAsked, note: Callable[[Noted], None]) -> Any:
        """Answer messages of the profile's chats again by it. Returns recado.whatif's report. Raises NotTried."""

    def cost(self, report: Any) -> Mapping[str, str]:
        """The cost of a trial, and of the log's replies beside it, in words: `then` and `now`."""
