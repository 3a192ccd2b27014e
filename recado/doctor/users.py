"""Checks who may use the page: users, and the page's password."""

from __future__ import annotations

from events.jetstream.connection import Bus
from events.jetstream.users import JetStreamUsers
from events.log import LogError, LogMismatch
from events.users import Stored
from recado.doctor.finding import Finding
from recado.printing import one_line
from recado.settings.settings import Settings


async def user_finding(bus: Bus, settings: Settings) -> Finding | None:
    """The finding about users; None on a bus on which no instance of this release has run. Makes nothing."""
    book = await JetStreamUsers.open(bus)
    try:
        stored = await book.look()
    except LogMismatch:
        return None
    except LogError as error:
        return Finding("users", "failure", str(error), "let recado's user read the bucket USERS: see roles.conf")
    finally:
        await book.close()
    return _finding(stored, settings)


def _finding(stored: Stored, settings: Settings) -> Finding:
    if stored.unread:
        names = ", ".join(one_line(name[:64]) for name in sorted(stored.unread)[:10])
        return Finding("users", "failure", f"cannot be read: {names}", "update this recado, or remove the users")
    if stored and not stored.owners:
        says = f"{len(stored.users)}, and none of them is an owner"
        return Finding("users", "warning", says, "make one an owner: recado user set NAME --role owner")
    if stored:
        rest = "; RECADO_PAGE_PASSWORD lets in programs alone" if settings.page_password else ""
        return Finding("users", "ok", f"{len(stored.users)}, of whom {len(stored.owners)} may do everything{rest}")
    if settings.page_password:
        return Finding("users", "ok", "none: the page asks for RECADO_PAGE_PASSWORD")
    if settings.is_for_this_machine:
        return Finding("users", "ok", "none: the page is open to this machine alone")
    do = "make one with recado user add, or set RECADO_PAGE_PASSWORD: until then recado does not start"
    return Finding("users", "failure", "none, and others reach the page", do)
