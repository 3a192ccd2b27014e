"""The sign-in at a provider: the right way in, tokens that are not to be trusted, and people who are no users."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from tests.console.conftest import Page
from tests.console.oidc import ANA, FROM_ELSEWHERE, TOM, asked, begun, double, is_in, page, signed_in, signing
from tests.console.people import put, removed, user
from tests.doubles.oidc_provider import CLIENT, ProviderDouble, new_key

__all__ = ["double", "page"]


async def test_the_right_way_in(page: Page, double: ProviderDouble) -> None:
    """From the button to the page that one wanted, by a page of our own, since the session's cookie is for our own
    steps alone; the provider is asked for its addresses and keys once."""
    form = (await asked(page, "/login?to=/desk/numbers"))[1]
    assert 'href="/login/oidc?to=/desk/numbers"' in form
    assert "Sign in at 127.0.0.1" in form
    where = await begun(page)
    given = parse_qs(urlsplit(where).query)
    assert given["redirect_uri"] == [page.address + "/login/oidc/back"]
    mine = {one.key: one for one in page.session.cookie_jar}
    (name,) = mine
    assert name.endswith("-oidc")
    assert (mine[name]["httponly"], mine[name]["samesite"], mine[name]["max-age"]) == (True, "lax", "600")
    assert given["state"][0] not in mine[name].value
    status, shown, headers = await asked(page, double.authorized(where), **FROM_ELSEWHERE)
    assert status == 200
    assert '<meta http-equiv="refresh" content="0;url=/desk/numbers">' in shown
    assert headers["cache-control"] == "no-store"
    (session,) = page.session.cookie_jar
    assert (session["samesite"], session["httponly"]) == ("strict", True)
    assert "ana@example.com" in (await asked(page, "/desk/me"))[1]
    page.session.cookie_jar.clear()
    assert (await signed_in(page, double))[0] == 200
    assert double.asked == ["/.well-known/openid-configuration", "/token", "/keys", "/token"]


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
async def test_keys_are_changed_at_the_provider(page: Page, double: ProviderDouble, algorithm: str) -> None:
    """A new key is fetched when it first signs, and the old one is good no longer."""
    double.algorithm = algorithm
    assert (await signed_in(page, double))[0] == 200
    old = list(double.keys)
    double.keys[:] = [new_key("RSA"), new_key("EC")]
    assert (await signed_in(page, double))[0] == 200
    asked_before = double.asked.count("/keys")
    double.answers["/keys"] = lambda _: web.json_response({"keys": [one.as_dict(private=False) for one in fresh]})
    fresh, double.keys[:] = list(double.keys), old
    page.session.cookie_jar.clear()
    assert (await signed_in(page, double))[0] == 403
    assert double.asked.count("/keys") == asked_before + 1
    assert not await is_in(page)


NOT_TRUSTED: list[tuple[str, dict[str, Any]]] = [
    ("nonce", {"claims": {"nonce": "another"}}),
    ("no nonce", {"without": ("nonce",)}),
    ("aud", {"claims": {"aud": "another"}}),
    ("aud of another too", {"claims": {"aud": [CLIENT, "another"]}}),
    ("aud of none", {"claims": {"aud": []}}),
    ("azp", {"claims": {"azp": "another"}}),
    ("iss", {"claims": {"iss": "https://evil.example.com"}}),
    ("iss with a slash", {"claims": {"iss": "http://127.0.0.1/realms/shop/"}}),
    ("expired", {"claims": {"exp": 1_700_000_000}}),
    ("no exp", {"without": ("exp",)}),
    ("exp as text", {"claims": {"exp": "9999999999"}}),
    ("exp without end", {"claims": {"exp": None}}),
    ("of the future", {"claims": {"iat": 9_999_999_999}}),
    ("not yet", {"claims": {"nbf": 9_999_999_999}}),
    ("no iat", {"without": ("iat",)}),
    ("no sub", {"without": ("sub",)}),
    ("none", {"algorithm": "none"}),
    ("None", {"algorithm": "none", "header": {"alg": "None"}}),
    ("HS256", {"algorithm": "HS256"}),
    ("HS256 without a kid", {"algorithm": "HS256", "header": {"kid": None}}),
    ("unknown kid", {"header": {"kid": "another"}}),
    ("a key of its own", {"header": {"kid": "x", "jwk": new_key("RSA").as_dict(private=False)}}),
]


@pytest.mark.parametrize("lie", [one for _, one in NOT_TRUSTED], ids=[name for name, _ in NOT_TRUSTED])
async def test_a_token_that_is_not_to_be_trusted(
    page: Page, double: ProviderDouble, lie: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """No session, words for people, and a reason in the log, without the token."""
    for name, value in lie.items():
        setattr(double, name, double.claims | value if name == "claims" else value)
    status, shown = await signed_in(page, double)
    assert (status, "cannot be trusted" in shown) == (403, True)
    assert not await is_in(page)
    logged = capsys.readouterr().out
    assert "sign_in_refused" in logged
    assert "eyJ" not in logged


async def test_a_signature_of_other_claims(page: Page, double: ProviderDouble) -> None:
    """The claims of one token with the signature of another, and words that are no token."""
    true = double._token

    def mixed(nonce: str) -> str:
        head, body, _ = true(nonce).split(".")
        double.claims["email"] = "tom@example.com"
        return f"{head}.{body}.{true(nonce).split('.')[2]}"

    for forged in (mixed, lambda _: "", lambda _: "a.b.c", lambda _: "....", lambda _: "é.é.é", lambda _: "e30.e30.AA"):
        double._token = forged  # type: ignore[method-assign]
        assert (await signed_in(page, double))[0] == 403
    assert not await is_in(page)


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": None},
        {"email": ""},
        {"email": "tom"},
        {"email": "@example.com"},
        {"email": "ana@example.com\n"},
        {"email": " ana@example.com"},
        {"email": "ana@example.com@example.com"},
    ],
    ids=str,
)
async def test_an_address_that_was_not_verified(page: Page, double: ProviderDouble, claims: dict[str, Any]) -> None:
    """And names that are no address: `tom` is a user, and nobody's e-mail."""
    double.claims |= claims
    status, shown = await signed_in(page, double)
    assert (status, "no e-mail address of yours" in shown) == (403, True)
    assert not await is_in(page)


@pytest.mark.parametrize(
    "email",
    ["eve@example.com", "ana@example.com.evil.org", "аna@example.com", "ana@еxample.com", "<b>x</b>@example.com"],
)
async def test_people_who_are_no_users(
    page: Page, double: ProviderDouble, email: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is made a user by signing in; letters that look alike are others."""
    double.claims["email"] = email
    status, shown = await signed_in(page, double)
    assert (status, "recado user add" in shown, "<b>x" in shown) == (403, True, False)
    assert not await is_in(page)
    assert email not in capsys.readouterr().out
    assert page.users is not None
    assert len(page.users.stored.users) == 2


async def test_case_makes_no_difference(page: Page, double: ProviderDouble) -> None:
    double.claims["email"] = "Ana@Example.COM"
    assert (await signed_in(page, double))[0] == 200
    assert await is_in(page)


async def test_a_removed_user_is_out(tmp_path: Path, double: ProviderDouble) -> None:
    """At once, and cannot come back; another with that name, made later, has no part in the old session."""
    async with signing(tmp_path, double, ANA, TOM) as (page, book):
        assert (await signed_in(page, double))[0] == 200
        assert await is_in(page)
        await removed(page, book, ANA.name)
        assert not await is_in(page)
        page.session.cookie_jar.clear()
        assert (await signed_in(page, double))[0] == 403
        await put(page, book, user(ANA.name, logins="1" * 16))
        assert not await is_in(page)


async def test_a_user_who_is_removed_while_they_sign_in(tmp_path: Path, double: ProviderDouble) -> None:
    async with signing(tmp_path, double, ANA, TOM) as (page, book):
        back = double.authorized(await begun(page))
        await removed(page, book, ANA.name)
        assert (await asked(page, back))[0] == 403


async def test_without_users_it_says_how_to_make_one(tmp_path: Path, double: ProviderDouble) -> None:
    """With the page's password and without; no sign-in begins."""
    for how in ({"password": "correct-horse-battery"}, {}):
        folder = tmp_path / str(len(how))
        folder.mkdir()
        async with signing(folder, double, **how) as (page, _):
            assert "Sign in at" not in (await asked(page, "/login"))[1]
            for path in ("/login/oidc", "/login/oidc/back?code=x&state=y"):
                status, shown, _ = await asked(page, path)
                assert (status, "recado user add" in shown) == (503, True)
    assert double.asked == []
