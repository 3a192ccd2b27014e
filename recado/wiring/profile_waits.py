"""Since when each profile can be used that could not be: what waited for it meanwhile is not too old then.

A file in RECADO_DATA keeps it, since a variable that was missing often comes with a restart.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from events.private_file import replace_private

FILE = "profile-waits.json"

log = structlog.get_logger("recado.profiles")


class _Kept(msgspec.Struct):
    """- `unusable`: names of profiles that could not be used when the file was written.
    - `usable_from`: by name, the time at which a profile could be used again."""

    unusable: set[str] = msgspec.field(default_factory=set)
    usable_from: dict[str, datetime] = msgspec.field(default_factory=dict)


class ProfileWaits:
    """The profiles that could not be used on this instance, in `data`."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self._kept = self._read()

    def usable_from(self, name: str) -> datetime | None:
        """The time since which the profile can be used again; None: it always could, as far as is known."""
        return self._kept.usable_from.get(name)

    def note(self, unusable: Collection[str], names: Collection[str], now: datetime) -> bool:
        """Take in which of the profiles in force, `names`, cannot be used now; returns whether one can be used
        again."""
        found = self._kept.unusable.intersection(names).difference(unusable)
        times = {name: at for name, at in self._kept.usable_from.items() if name in names and name not in unusable}
        kept = _Kept(set(unusable), times | dict.fromkeys(found, now))
        if kept != self._kept:
            self._kept = kept
            self._write()
        return bool(found)

    def _read(self) -> _Kept:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return _Kept()
        except (OSError, ValueError) as fault:
            log.warning("profile_waits_unreadable", file=str(self._path), reason=str(fault), then="begins without")
            return _Kept()

    def _write(self) -> None:
        try:
            replace_private(self._path, msgspec.json.encode(self._kept))
        except OSError as fault:
            log.warning("profile_waits_not_saved", file=str(self._path), reason=str(fault))
