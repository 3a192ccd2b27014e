"""Tells a person and `/readyz` whether this instance takes work."""

from __future__ import annotations

from actors.log_space import LogSpace
from actors.ownership import Ownership
from events.jetstream.connection import Bus
from events.phrases import Counted, Phrase
from projections.runner import Runner


class Readiness:
    """Checks everything that can keep the instance from answering."""

    def __init__(self, bus: Bus, runner: Runner, ownership: Ownership, room: LogSpace) -> None:
        self._bus = bus
        self._runner = runner
        self._ownership = ownership
        self._room = room

    def has_bus(self) -> bool:
        """True if the bus and its log answer."""
        return self._bus.is_connected and self._room.unavailable is None

    def reasons_against(self) -> list[Phrase]:
        """The reasons for not taking work now; empty if the instance takes work."""
        reasons: list[Phrase] = []
        if not self._bus.is_connected:
            reasons.append(Phrase("the connection to NATS is lost; it is tried again"))
        elif self._room.unavailable is not None:
            reasons.append(
                Phrase("the log does not answer; it is asked again: %(reason)s", reason=self._room.unavailable)
            )
        if not self._runner.healthy:
            reasons.append(Phrase("the projection cannot be written: see the log, and whether the disk is full"))
        if not self._runner.caught_up.is_set():
            reasons.append(_behind(self._runner.lag))
        elif self._ownership.trouble is not None:
            reasons.append(Phrase("owns no chats: %(reason)s", reason=self._ownership.trouble))
        if self._room.is_full:
            reasons.append(
                Phrase(
                    "the log is %(share)s%% full: give the stream EVENTS more max_bytes",
                    share=round(self._room.share * 100),
                )
            )
        return reasons


def _behind(lag: int) -> Phrase:
    return Counted(
        "the projection is catching up with the log, %(num)s event behind",
        "the projection is catching up with the log, %(num)s events behind",
        lag,
    )
