"""The decisions by which people share the work on a chat: who has it, its labels, notes, and whether it is done.

The bounds stand in the types; `cleaned_label` and `cleaned_name` bring words of people into them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal, get_args

import msgspec

from events.inbound import Time

LONGEST_LABEL = 40
"""Characters."""

MOST_LABELS = 20
"""Labels of a chat, and of one order."""

LONGEST_NOTED = 4_000
"""Characters of a note."""

LONGEST_USER = 256
"""Characters of a user's name."""

State = Literal["open", "resolved", "snoozed"]
STATES: tuple[State, ...] = get_args(State)

_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_END = r"$(?!\n)"  # `$` alone is also before a last line feed
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_LABEL, pattern=f"^[^,{_CONTROLS}]+{_END}")]
UserName = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_USER, pattern=f"^[^{_CONTROLS}]+{_END}")]
Labels = Annotated[tuple[Label, ...], msgspec.Meta(max_length=MOST_LABELS)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NOTED)]

_JOINERS = "\u200c\u200d"
"""Signs without width that emoji and some scripts are written with."""

_REFUSED = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
"""Categories of signs that no one sees, or that turn the direction of the words after them."""


class Assigned(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A user has the chat from now on; `to` is their name, null: no user has it.

    - `unchanged`: the same user, or none, had it before: the order changed nothing.
    """

    to: UserName | None
    at: Time
    by: str | None = None
    cause: str | None = None
    unchanged: bool = False


class Noted(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A note about the chat, for users alone: neither the person nor a model is shown it."""

    id: str
    text: Words
    at: Time
    by: str | None = None
    cause: str | None = None


class Labelled(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The chat's labels change: first those in `remove` go, then those in `add` come. Case makes no difference.

    - `unchanged`: the chat had the same labels before: the order changed nothing.
    """

    at: Time
    add: Labels = ()
    remove: Labels = ()
    by: str | None = None
    cause: str | None = None
    unchanged: bool = False


class Resolved(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The work on the chat is done (`resolved`), put off (`snoozed`) or goes on (`open`).

    A person's message, and a request for a human, open it again without an event.

    - `until`: of `snoozed`: from then on it counts as open.
    - `unchanged`: the state was the same before: the order changed nothing.
    """

    state: State
    at: Time
    until: Time | None = None
    by: str | None = None
    cause: str | None = None
    unchanged: bool = False


Teamwork = Assigned | Noted | Labelled | Resolved


def cleaned_label(text: str) -> str | None:
    """The label that a person means by `text`; None if it is none."""
    label = _cleaned(text)
    return label if label is not None and "," not in label and len(label) <= LONGEST_LABEL else None


def cleaned_name(text: str) -> str | None:
    """The user's name that a person means by `text`, in small letters as users have them; None if it is none."""
    name = _cleaned(text)
    if name is None or len(name) > LONGEST_USER:
        return None
    return name.lower() if name.isascii() else name


def label_key(label: str) -> str:
    """The form in which labels are compared: without case, width and doubled blanks."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold()).split())


def _cleaned(text: str) -> str | None:
    """One line, composed (NFC), with single blanks; None if nothing is left or a sign in it is no one's to see."""
    line = unicodedata.normalize("NFC", re.sub(r"[ \u00a0\u3000]+", " ", text).strip())
    if any(unicodedata.category(sign) in _REFUSED and sign not in _JOINERS for sign in line):
        return None
    return line if line.strip(_JOINERS + " ") else None
