"""The documents of a trial, where the bus does not give them."""

from __future__ import annotations

import pytest

from actors.tools.look_up import NotSearchable
from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.log import LogUnavailable
from events.memory_library import MemoryLibrary
from recado.whatif.documents import TrialDocuments


async def test_documents_of_a_bus_that_does_not_answer(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is told so. Another error would end the trial, and lose the answers that are paid for."""

    async def no_answer(_: JetStreamKnowledgeLog) -> bool:
        raise LogUnavailable("no answer within 5 s")

    monkeypatch.setattr(JetStreamKnowledgeLog, "exists", no_answer)
    documents = TrialDocuments(bus, MemoryLibrary(), None)
    with pytest.raises(NotSearchable, match="no answer"):
        await documents.contents(["shop"])
    with pytest.raises(NotSearchable, match="no answer"):
        await documents.look_up(["shop"], "bread")


async def test_a_bus_whose_connection_is_closed_for_good(bus: Bus) -> None:
    await bus.close()
    documents = TrialDocuments(bus, MemoryLibrary(), None)
    with pytest.raises(NotSearchable, match="it is closed"):
        await documents.contents(["shop"])
