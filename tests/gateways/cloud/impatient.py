"""A gateway that waits a moment where the real one waits for minutes."""

from __future__ import annotations

import pytest

from gateways.cloud import circuit_breaker, uploads
from gateways.cloud import sender as sender_module


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds or minutes in the world takes none here."""
    monkeypatch.setattr(sender_module, "pause", lambda _class, tries: 0.02 * tries)
    monkeypatch.setattr(circuit_breaker, "pause", lambda _class, tries: 0.02 * tries)
    monkeypatch.setattr(uploads, "_FIRST_PAUSE", 0.02)
    monkeypatch.setattr(uploads, "_LONGEST_PAUSE", 0.05)
