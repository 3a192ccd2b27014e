"""`recado doctor` names the collections of the settings and the profiles that have no documents."""

from __future__ import annotations

from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.jetstream.log import JetStreamLog
from events.jetstream.profiles import JetStreamProfileLog
from events.knowledge import Document, Pair, Place
from events.profile import Profile
from recado.doctor.collections import collection_findings
from recado.profiles.overlay import Overlay
from recado.settings.settings import settings_of
from tests.recado.instance import AT

GIVEN = {"OPENAI_API_MODE": "scripted", "RECADO_KNOWLEDGE": "shop,shpo"}


async def test_collections_without_documents(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given a collection with a document and one whose document was removed, and names that are misspelt."""
    del jetstream_log  # it makes the streams
    stored, profiles = await JetStreamKnowledgeLog.open(bus), await JetStreamProfileLog.open(bus)
    try:
        for collection in ("shop", "old"):
            pair = Document(name="faq", faq=(Pair("Open?", "Yes."),), at=AT)
            seq = await stored.write(Place(collection, "faq"), pair, expected=0)
        await stored.write(Place("old", "faq"), Document(name="faq", removed=True, at=AT), expected=seq)
        named = {"mode": {"n": 1}, "bakery": {"n": 1, "settings": {"knowledge": ["shop", "old"]}}}
        await profiles.write([Profile(name=name, at=AT, **fields) for name, fields in named.items()], expected=0)
        settings = settings_of(GIVEN)
        overlay = Overlay(GIVEN, settings, settings.secrets.value)
        found = {(one.state, one.says) async for one in collection_findings(bus, settings, overlay)}
    finally:
        await stored.close()
        await profiles.close()
    assert found == {
        ("warning", "RECADO_KNOWLEDGE names the collection shpo, which has no documents"),
        ("warning", "bakery@1 names the collection old, which has no documents"),
    }
