"""Checks the profiles in force by the settings of this machine: which ones and which fields it cannot apply."""

from __future__ import annotations

from collections.abc import AsyncIterator

from events.jetstream.connection import Bus
from events.jetstream.profiles import JetStreamProfileLog
from events.log import LogMismatch, LogUnavailable
from events.profile import clashes
from recado.doctor.finding import Finding
from recado.printing import one_line
from recado.profiles.overlay import Overlay, ProfileUnusable, unapplied

_SHOWN = 10
"""Entries of two profiles that are told; a program that writes past recado may make thousands."""


async def profile_findings(bus: Bus, overlay: Overlay) -> AsyncIterator[Finding]:
    """Check the profiles. Makes nothing, never raises."""
    profiles = await JetStreamProfileLog.open(bus)
    try:
        stored = await profiles.look()
    except LogMismatch:
        return  # a bus on which no instance of this release has run; the log's own finding tells it
    except LogUnavailable as error:
        yield Finding("profiles", "failure", str(error), "let recado's user read the stream PROFILES: see roles.conf")
        return
    finally:
        await profiles.close()
    for one in stored.unread:
        says = f"the newest version of {one_line(one.name)} cannot be read ({one_line(one.reason)[:200]})"
        yield Finding("profiles", "failure", says, "update this recado, or write the profile again")
    for clash in clashes(stored.newest.values())[:_SHOWN]:
        says = f"{one_line(clash.entry)} is in {clash.list} of {' and '.join(clash.names)}: {clash.names[0]} has it"
        yield Finding("profiles", "failure", says, "take it out of one: recado profile use")
    usable = 0
    for profile in stored.in_force.profiles.values():
        try:
            overlay.settings(profile)
        except ProfileUnusable as unusable:
            do = "set them for every instance: until then its chats wait" if unusable.lacks else "correct the profile"
            yield Finding("profiles", "failure", f"{profile.ref}: {'; '.join(unusable.problems)}", do)
        else:
            usable += 1
        if left := unapplied(profile):
            says = f"{profile.ref} has fields that this release does not apply: {', '.join(map(one_line, left))[:200]}"
            yield Finding("profiles", "warning", says, "update this recado")
    if usable:
        yield Finding("profiles", "ok", f"{usable} can be applied here")
