"""The callback of a sign-in at a provider: of one browser, once, in time, and to no other site."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from yarl import URL

from console.sign_in import attempts
from console.sign_in.attempts import Attempts
from tests.console.conftest import Page
from tests.console.oidc import ANA, FROM_ELSEWHERE, asked, begun, double, is_in, page, signed_in, signing
from tests.doubles.oidc_provider import ProviderDouble

__all__ = ["double", "page"]


async def test_a_callback_in_another_browser(page: Page, double: ProviderDouble) -> None:
    """Someone begins a sign-in, and has another person open its end: that person is not logged in as them, also if
    their own sign-in is under way."""
    planted = double.authorized(await begun(page))
    page.session.cookie_jar.clear()
    assert (await asked(page, planted, **FROM_ELSEWHERE))[0] == 403
    await begun(page)
    status, shown, _ = await asked(page, planted, **FROM_ELSEWHERE)
    assert (status, "not begun in this browser" in shown) == (403, True)
    assert not await is_in(page)
    assert "/token" not in double.asked


@pytest.mark.parametrize("state", ["", "x", "ü", "\udcff", "A" * 5000])
async def test_another_state(page: Page, double: ProviderDouble, state: str) -> None:
    back = URL(double.authorized(await begun(page)))
    other = f"{back.path}?{urlencode({'code': back.query['code'], 'state': state}, errors='surrogatepass')}"
    assert (await asked(page, other, **FROM_ELSEWHERE))[0] == 403
    assert "/token" not in double.asked


@pytest.mark.parametrize("change", ["last", "no signature", "other body", "empty", "not base64"])
async def test_cookies_that_are_made_up(page: Page, double: ProviderDouble, change: str) -> None:
    """Only what this process signed counts."""
    back = double.authorized(await begun(page))
    (mine,) = page.session.cookie_jar
    body, _, signature = mine.value.partition(".")
    forged = {
        "last": f"{body}.{signature[:-1]}{'0' if signature[-1] != '0' else '1'}",
        "no signature": body,
        "other body": f"{body[:-8]}AAAAAAAA.{signature}",
        "empty": "",
        "not base64": f"é.{signature}",
    }[change]
    page.session.cookie_jar.clear()
    given = {"Cookie": f"{mine.key}={forged}"}
    assert (await asked(page, back, **given))[0] == 403
    assert "/token" not in double.asked


@pytest.mark.parametrize("lax", [False, True])
async def test_the_callback_counts_once(page: Page, double: ProviderDouble, lax: bool) -> None:
    """With the same cookie too, and at a provider that takes a code twice."""
    double.takes_codes_twice = lax
    back = double.authorized(await begun(page))
    (mine,) = page.session.cookie_jar
    given = {"Cookie": f"{mine.key}={mine.value}"}
    assert (await asked(page, back, **given))[0] == 200
    page.session.cookie_jar.clear()
    assert (await asked(page, back, **given))[0] == 403
    assert not await is_in(page)


async def test_a_code_that_was_used(page: Page, double: ProviderDouble) -> None:
    """A stolen code in a sign-in of one's own: the provider refuses it, as it does any that is not of this sign-in."""
    code = URL(double.authorized(await begun(page))).query["code"]
    double._codes.pop(code)
    back = URL(double.authorized(await begun(page)))
    status, shown, _ = await asked(page, f"{back.path}?{urlencode({**back.query, 'code': code})}")
    assert (status, "Begin again" in shown) == (403, True)


def test_a_sign_in_ends_after_ten_minutes() -> None:
    """And the states that were used are forgotten with it."""
    passed = 0.0
    kept = Attempts(lambda: passed)
    late, good = kept.begin("/desk"), kept.begin("/desk")
    assert kept.take(kept.cookie(good), good.state) == good
    assert kept.take(kept.cookie(good), good.state) is None
    passed = attempts.LASTS + 1.0
    assert kept.take(kept.cookie(late), late.state) is None
    other = kept.begin("/" + "a" * 5000)
    assert other.to == "/desk"
    assert kept.take(kept.cookie(other), other.state) == other
    assert len(kept._used) == 1
    assert Attempts(lambda: passed).take(kept.cookie(late), late.state) is None


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("//evil.example.com", "/desk"),
        ("https://evil.example.com", "/desk"),
        ("/\\evil.example.com", "/desk"),
        ("/\t/evil.example.com", "/desk"),
        ("javascript:alert(1)", "/desk"),
        ('/desk"><script>', "/desk"),
        ('/desk?q="><script>', "/desk?q=&#34;&gt;&lt;script&gt;"),
        ("/desk;url=https://evil.example.com", "/desk"),
        ("/desk?q=;url=https://evil.example.com", "/desk?q=;url=https://evil.example.com"),
        ("", "/desk"),
    ],
)
async def test_no_sign_in_leads_to_another_site(page: Page, double: ProviderDouble, to: str, leads: str) -> None:
    status, shown = await signed_in(page, double, to)
    assert status == 200
    assert f'content="0;url={leads}"' in shown


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"error": "access_denied"}, "did not sign you in (access_denied)"),
        ({"error": "<script>"}, "did not sign you in (no code)"),
        ({"error": "access_denied", "code": "x"}, "did not sign you in (access_denied)"),
        ({}, "did not sign you in (no code)"),
        ({"code": "x" * 5000}, "did not sign you in (no code)"),
        ({"code": "x", "iss": "https://evil.example.com"}, "cannot be trusted"),
        ({"code": "x", "iss": None}, "cannot be trusted"),
    ],
)
async def test_what_the_provider_sends_back(
    page: Page, double: ProviderDouble, given: dict[str, Any], told: str
) -> None:
    back = URL(double.authorized(await begun(page)))
    query = {"state": back.query["state"], "iss": double.issuer, **given}
    query = {name: value for name, value in query.items() if value is not None}
    status, shown, _ = await asked(page, f"{back.path}?{urlencode(query)}", **FROM_ELSEWHERE)
    assert (status, told in shown) == (403, True), shown
    assert "/token" not in double.asked


async def test_only_the_callback_comes_from_another_site(page: Page, double: ProviderDouble) -> None:
    """Another site cannot begin a sign-in, nor post anything to either address."""
    for path in ("/login/oidc", "/login/oidc/", "/login/oidc/back/", "/login/oidc/other", "/login/oidc/back/x"):
        assert (await asked(page, path, **FROM_ELSEWHERE))[0] == 403
    for path in ("/login/oidc", "/login/oidc/back"):
        async with page.session.post(page.address + path, headers={"Origin": page.address}) as response:
            assert response.status == 405
        async with page.session.post(page.address + path, headers={"Origin": "https://evil.example.com"}) as response:
            assert response.status == 403
    assert double.asked == []


async def test_with_tls_the_cookies_are_for_tls(tmp_path: Path, double: ProviderDouble) -> None:
    """And no neighbour of the host can set the one of the sign-in. Who opened the page by another name is led to its
    own one first, where the cookie will be."""
    async with signing(tmp_path, double, ANA, address="https://chat.example.com") as (page, _):
        status, where, _ = await asked(page, "/login/oidc?to=/desk/numbers")
        assert (status, where) == (303, "https://chat.example.com/login?to=/desk/numbers")
        for host in ("chat.example.com", "CHAT.example.com:443"):
            status, where, headers = await asked(page, "/login/oidc", Host=host)
            given = headers["set-cookie"]
            assert given.startswith("__Host-recado-")
            assert ("Secure" in given, "Path=/;" in given, "Domain" in given) == (True, True, False)
        back = double.authorized(where).removeprefix("https://chat.example.com")
        mine = {"Cookie": given.partition(";")[0], "Host": "chat.example.com"}
        status, _, headers = await asked(page, back, **mine, **FROM_ELSEWHERE)
        assert status == 200
        assert all("Secure" in one for one in headers.getall("set-cookie"))


async def test_made_up_codes_are_bounded(page: Page, double: ProviderDouble) -> None:
    """As wrong passwords are; the provider is asked no more often."""
    statuses = []
    for _ in range(12):
        back = URL(double.authorized(await begun(page)))
        statuses.append((await asked(page, f"{back.path}?{urlencode({**back.query, 'code': 'made-up'})}"))[0])
    assert statuses == [403] * 10 + [429] * 2
    assert double.asked.count("/token") == 10
