"""Another version of recado: its source, copied and changed in a few places, run in place of the installed one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("events", "chat", "actors", "backends", "gateways", "projections", "console", "recado")
SOURCE = Path(__file__).parents[2]


class Change(NamedTuple):
    """In `file`, `new` replaces `old`, which is there once."""

    file: str
    old: str
    new: str


ADDS_A_FIELD = (
    Change(
        "events/decisions.py",
        "    usage: TokenUsage = TokenUsage()\n    cause: str | None = None\n",
        '    usage: TokenUsage = TokenUsage()\n    cause: str | None = None\n    tone: str = "friendly"\n',
    ),
)
"""A reply says how it is meant."""

READS_A_TYPE = (
    Change(
        "events/decisions.py",
        "Decision = (\n",
        "class Hinted(msgspec.Struct, frozen=True, gc=False, kw_only=True):\n"
        "    text: str\n    at: Time\n    cause: str\n\n\n"
        "Decision = (\n    Hinted\n    | ",
    ),
    Change("events/decisions.py", "    Hinted\n    |     Ignored\n", "    Hinted\n    | Ignored\n"),
    Change("events/decisions.py", '    "ignored": Ignored,\n', '    "ignored": Ignored,\n    "hinted": Hinted,\n'),
    Change("chat/evolve.py", "    Ignored,\n", "    Ignored,\n    Hinted,\n"),
    Change(
        "chat/evolve.py",
        "    Ignored: _ignored,\n",
        '    Ignored: _ignored,\n    Hinted: lambda chat, event, _: {"orders": _orders(chat, event.cause)},\n',
    ),
)
"""There is one more decision: something was hinted."""

WRITES_A_TYPE = (
    *READS_A_TYPE,
    Change("chat/orders.py", "Ignored, Paused,", "Ignored, Hinted, Paused,"),
    Change(
        "chat/orders.py",
        'return Ignored(messages=(), reason="empty", at=facts.at, cause=control.id)',
        'return Hinted(text="nothing was said", at=facts.at, cause=control.id)',
    ),
)
"""The place where each empty message is hinted."""


def version(folder: Path, changes: tuple[Change, ...]) -> Path:
    """The changed source in `folder`, to be put on PYTHONPATH."""
    for package in PACKAGES:
        shutil.copytree(SOURCE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in changes:
        text = (folder / file).read_text()
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        (folder / file).write_text(text.replace(old, new))
    return folder
