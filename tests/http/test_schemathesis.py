"""Schemathesis asks everything that recado serves, what fits the description and what does not.

It finds server errors, answers that nobody was told of, bodies that are not what they are said to be, bad input that is
taken and good input that is refused. The description is tests/http/described.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from console.server import bind, serving
from events.memory_log import MemoryLog
from gateways.cloud.parsing import Parser
from gateways.cloud.webhook import Webhook
from tests.console.conftest import serve
from tests.doubles.graph_webhooks import APP_SECRET, VERIFY_TOKEN, one_number, signed
from tests.http.described import PAGE, WEBHOOK
from tests.http.serving import served

page = schemathesis.openapi.from_dict(PAGE)
webhook = schemathesis.openapi.from_dict(WEBHOOK)
bounded = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, over a log in memory."""

    @asynccontextmanager
    async def serve_page() -> AsyncIterator[str]:
        async with serve(tmp_path_factory.mktemp("page")) as one:
            yield one.address

    with served(serve_page) as address:
        yield address


@pytest.fixture(scope="module")
def webhook_address() -> Iterator[str]:
    """The webhook, over a log in memory."""

    @asynccontextmanager
    async def serve_webhook() -> AsyncIterator[str]:
        parser = Parser(one_number())
        hook = Webhook(MemoryLog(), "shop", parser, app_secret=APP_SECRET, verify_token=VERIFY_TOKEN)
        async with serving(hook.app(), bind(0)) as address:
            yield address

    with served(serve_webhook) as address:
        yield address


@page.parametrize()
@bounded
def test_the_page(case: Case, page_address: str) -> None:
    """As a browser on this machine sends it."""
    case.call_and_validate(base_url=page_address, headers={"Origin": page_address})


@webhook.parametrize()
@bounded
def test_the_webhook(case: Case, webhook_address: str) -> None:
    """Who does not sign is refused, whatever it is."""
    case.call_and_validate(base_url=webhook_address)


@webhook.include(method="POST").parametrize()
@bounded
def test_the_signed_webhook(case: Case, webhook_address: str) -> None:
    """Everything that is signed is taken: what cannot be read is kept as a dead letter, so that Meta does not send it
    for a week."""
    sent = requests.Request(**case.as_transport_kwargs(base_url=webhook_address)).prepare().body or b""
    raw = sent.encode() if isinstance(sent, str) else bytes(sent)
    response = case.call_and_validate(
        base_url=webhook_address, headers=signed(raw), excluded_checks=[negative_data_rejection]
    )
    assert response.status_code == (200 if case.method == "POST" else 405)
