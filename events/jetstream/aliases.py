"""Looks single names of people up in the bucket ALIASES, for commands and pages. Gateways and instances follow it as a
whole: gateways.names."""

from __future__ import annotations

from events.jetstream.api import STREAM_NOT_FOUND, ApiRefused, StreamInfo, call, stored_message
from events.jetstream.connection import Bus
from events.log import LogUnavailable
from events.stores import ALIASES
from events.subjects import token, untoken

STREAM = f"KV_{ALIASES}"

_MOST_HOPS = 16
"""Steps from a name to its canonical one; a joining of two people adds one."""


async def canonical_names(bus: Bus, name: str) -> dict[str, str]:
    """The canonical name of the person with this name, by account, as the bucket's leader has it; only where it is
    another one. Raises LogUnavailable."""
    try:
        there = await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo, {"subjects_filter": _subject("*", name)})
    except ApiRefused as refused:
        if refused.fault.err_code == STREAM_NOT_FOUND:
            return {}  # no instance has run on this bus
        raise LogUnavailable(refused.reason) from refused
    accounts = [untoken(subject.split(".")[2]) for subject in there.state.subjects]
    found = {account: await _follow(bus, account, name) for account in accounts}
    return {account: canonical for account, canonical in found.items() if canonical != name}


async def _follow(bus: Bus, account: str, name: str) -> str:
    for _ in range(_MOST_HOPS):
        stored = await stored_message(bus, STREAM, {"last_by_subj": _subject(token(account), name)})
        written = stored.raw().body.decode("utf-8", "replace") if stored is not None else ""
        if not written or written == name:
            break
        name = written
    return name


def _subject(account: str, name: str) -> str:
    return f"$KV.{ALIASES}.{account}.{token(name)}"
