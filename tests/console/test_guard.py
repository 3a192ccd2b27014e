"""Only the page itself, in a browser on this machine, may use the page's API."""

from __future__ import annotations

import pytest

from console.guard import HEADERS, refusal
from tests.console.conftest import ANA, Page

OURS = "127.0.0.1:8088"
ORIGIN = "http://127.0.0.1:8088"
MESSAGE = {"id": "m1", "chat": ANA.chat, "text": "hello"}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8088", "LOCALHOST:9000", "127.0.0.1:1", "[::1]:8088", "[::1]"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_names_of_this_machine(host: str, scheme: str) -> None:
    """Any port, because a tunnel may change it; the Origin has to be the very same host and port."""
    assert refusal("GET", host, None) is None
    assert refusal("GET", host, f"{scheme}://{host}") is None
    assert refusal("POST", host, f"{scheme}://{host}") is None


@pytest.mark.parametrize(
    "host",
    [
        None, "", "example.com", "example.com:8088", "127.0.0.1.example.com", "localhost.example.com", "127.0.0.2",
        "0.0.0.0:8088", "10.0.0.1:8088", "[::]:8088", "localhost:8088, example.com", "localhost:port",
        "evil@localhost", "localhost/", " localhost", "127.1", "2130706433",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_names_are_refused(host: str | None, method: str) -> None:
    """Also those that lead here (DNS rebinding): the reason says what would do."""
    reason = refusal(method, host, f"http://{host}")
    assert reason is not None
    assert "localhost" in reason


@pytest.mark.parametrize(
    "origin",
    [
        "null", "", "http://example.com", "https://example.com:8088", "http://localhost:8088", "http://127.0.0.1",
        "http://127.0.0.1:8089", "http://127.0.0.1:80880", "ftp://127.0.0.1:8088", "127.0.0.1:8088",
        "http://127.0.0.1:8088.example.com", "http://127.0.0.1:8088@example.com", f"{ORIGIN}, http://example.com",
        f"{ORIGIN}/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_sites_are_refused(origin: str, method: str) -> None:
    """A site in the same browser has another Origin, whatever it asks for."""
    reason = refusal(method, OURS, origin)
    assert reason is not None
    assert "another site" in reason


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_changing_needs_an_origin(method: str) -> None:
    """A browser sends one with everything that changes something; a program is told which."""
    reason = refusal(method, OURS, None)
    assert reason is not None
    assert ORIGIN in reason


async def test_a_stranger_gets_403_and_changes_nothing(page: Page) -> None:
    """By host and by origin, on the page, its API and its stream."""
    assert (await page.get("/", Host="example.com"))[0] == 403
    assert (await page.get(f"/api/chats/{ANA.chat}/stream", Origin="http://example.com"))[0] == 403
    assert (await page.post("/api/messages", MESSAGE, Host="rebound.example.com:8088"))[0] == 403
    status, answer = await page.post("/api/messages", MESSAGE, Origin="http://example.com")
    assert status == 403
    assert "'http://example.com' is another site" in answer["error"]
    async with page.session.post(f"{page.address}/api/messages", json=MESSAGE) as response:
        assert response.status == 403
    assert (await page.log.head()).last == 0


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/static/page.css", "/healthz", "/api/overview", "/nothing"])
async def test_every_answer_is_fenced_in(page: Page, path: str) -> None:
    """No foreign script, no frame, no guessed type: whatever is answered."""
    async with page.session.get(page.address + path) as response:
        for name, value in HEADERS.items():
            assert response.headers.getall(name.decode()) == [value.decode()] or name == b"cache-control"
        assert len(response.headers.getall("cache-control")) == 1
        assert "access-control-allow-origin" not in response.headers


async def test_a_refusal_is_fenced_in_too(page: Page) -> None:
    """Also what strangers are told."""
    async with page.session.get(page.address, headers={"Host": "example.com"}) as response:
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_the_page_needs_nothing_from_elsewhere(page: Page) -> None:
    """No script, style or picture in the markup, and none of another host: the policy would forbid them."""
    _, markup = await page.get("/")
    assert "<script>" not in markup
    assert "style=" not in markup
    assert "://" not in markup


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fdeps.py", "/static/"])
async def test_only_the_static_files_are_served(page: Page, path: str) -> None:
    """No way out of their folder."""
    from yarl import URL

    async with page.session.get(URL(page.address + path, encoded=True)) as response:
        assert response.status == 404


@pytest.mark.parametrize("path", ["/api/overview", f"/api/chats/{ANA.chat}/history", "/metrics", "/readyz"])
async def test_another_site_gets_nothing_by_get(page: Page, path: str) -> None:
    """A picture or a script tag of another site asks without an Origin; the browser says whose request it is."""
    status, answer = await page.get(path, **{"Sec-Fetch-Site": "cross-site"})
    assert status == 403
    assert "Another site" in answer["error"]
    for site in ("same-origin", "none"):
        assert (await page.get(path, **{"Sec-Fetch-Site": site}))[0] == 200


async def test_a_link_to_the_page_may_stand_anywhere(page: Page) -> None:
    """Who follows one comes to the page, and what the page then fetches is its own."""
    assert (await page.get("/", **{"Sec-Fetch-Site": "cross-site"}))[0] == 200
