"""Checks that the collections from which chats are answered have documents: a name that is misspelt finds nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.jetstream.profiles import JetStreamProfileLog
from events.log import LogError, LogMismatch
from recado.doctor.finding import Finding
from recado.profiles.overlay import Overlay, ProfileUnusable
from recado.settings.settings import Settings


async def collection_findings(bus: Bus, settings: Settings, overlay: Overlay) -> AsyncIterator[Finding]:
    """Check the collections of the settings and of the profiles in force. Makes nothing, never raises."""
    stored = await JetStreamKnowledgeLog.open(bus)
    try:
        named = await _of_profiles(bus, overlay) | dict.fromkeys(settings.knowledge, "RECADO_KNOWLEDGE")
        for collection, by in named.items():
            if not (await stored.look(collection)).there():
                says = f"{by} names the collection {collection}, which has no documents"
                yield Finding(
                    "knowledge", "warning", says, f"correct the name, or recado knowledge add {collection} FILE"
                )
    except LogMismatch:
        return  # a bus on which no instance of this release has run; the log's own finding tells it
    except LogError as error:
        yield Finding(
            "knowledge", "failure", str(error), "let recado's user read KNOWLEDGE and PROFILES: see roles.conf"
        )
    finally:
        await stored.close()


async def _of_profiles(bus: Bus, overlay: Overlay) -> dict[str, str]:
    """By collection, a profile in force that names it."""
    profiles = await JetStreamProfileLog.open(bus)
    try:
        in_force = (await profiles.look()).in_force.profiles.values()
    finally:
        await profiles.close()
    named: dict[str, str] = {}
    for profile in in_force:
        with suppress(ProfileUnusable):  # the finding of profiles says so
            named |= dict.fromkeys(overlay.settings(profile).knowledge, profile.ref)
    return named
