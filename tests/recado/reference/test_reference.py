"""The generated pages are in step with the code."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from events import codec
from events.decisions import DECISIONS
from events.inbound import INBOUND
from recado.reference import asyncapi
from recado.reference.reference import DOCS, PAGES
from recado.reference.sample_events import DECISION_SAMPLES, INBOUND_SAMPLES
from recado.settings.settings import VARIABLES

SAMPLES = {**INBOUND_SAMPLES, **DECISION_SAMPLES}


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_what_the_code_says(page: str) -> None:
    """If this fails: python -m recado.reference"""
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page]()


def test_every_setting_is_documented_and_its_example_is_taken() -> None:
    """An example that recado refuses would be a trap. (The files that some name are not there.)"""
    page = PAGES["configuration.md"]()
    for variable in VARIABLES.values():
        assert f"\n## {variable.name}\n" in page
        if not variable.name.endswith("_API_KEY") and variable.name not in (
            "NATS_CREDS",
            "NATS_CA",
            "RECADO_PRICES",
            "RECADO_SECRETS",
        ):
            variable.value(variable.example)


@pytest.mark.parametrize("type_", INBOUND | DECISIONS)
def test_every_event_has_a_sample_that_is_one(type_: str) -> None:
    """The samples of the page are events of their type, and come back from the log as they were."""
    assert codec.decode(type_, codec.encode(SAMPLES[type_])) == SAMPLES[type_]


def test_every_type_of_the_log_is_a_message_of_the_document() -> None:
    """And nothing else is."""
    assert set(asyncapi.document()["components"]["messages"]) == set(INBOUND | DECISIONS | asyncapi.BESIDE)
    assert set(INBOUND | DECISIONS) == set(SAMPLES)


def test_the_asyncapi_document_hangs_together() -> None:
    """What AsyncAPI 3 requires is there, and every reference leads somewhere."""
    document = json.loads((DOCS / "asyncapi.json").read_text(encoding="utf-8"))
    assert document["asyncapi"].startswith("3.")
    assert document["info"]["title"]
    assert document["info"]["version"]
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert "$ref" in operation["channel"]
    for channel in document["channels"].values():
        placeholders = {part[1:-1] for part in channel["address"].split(".") if part.startswith("{")}
        assert placeholders == set(channel["parameters"])
    for message in document["components"]["messages"].values():
        assert "$ref" in message["payload"]
    references = list(refs(document))
    assert len(references) > 50
    for reference in references:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_every_message_of_a_channel_is_one_that_it_carries() -> None:
    """The log's two sides carry all types; `wa.…` carries the one that its subject names."""
    channels = asyncapi.document()["channels"]
    assert set(channels["cameIn"]["messages"]) == set(INBOUND)
    assert set(channels["decided"]["messages"]) == set(DECISIONS)
    for type_ in INBOUND:
        assert channels[type_]["address"] == f"wa.{type_}.{{account}}.{{chat}}"
        assert set(channels[type_]["messages"]) == {type_}


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)
