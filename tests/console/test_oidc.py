"""The sign-in at a provider: the right way in, and every other way."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from aiohttp import web
from yarl import URL

from console.sign_in import attempts, id_token
from console.sign_in.attempts import Attempts
from console.sign_in.provider import LARGEST, Provider
from console.sign_in.sign_in import SignIn
from events.memory_users import MemoryUsers
from recado.settings.environment import SettingsInvalid
from recado.settings.settings import settings_of
from recado.wiring import modules
from tests.console.conftest import Page
from tests.console.people import log_in, peopled, put, removed, user
from tests.doubles.oidc_provider import CLIENT, SECRET, ProviderDouble, new_key

ANA = user("ana@example.com", password="")
TOM = user("tom", role="owner")
FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
HTML = {"accept": "text/html"}


@pytest.fixture
async def double() -> AsyncIterator[ProviderDouble]:
    async with ProviderDouble() as provider:
        yield provider


@asynccontextmanager
async def signing(
    folder: Path, double: ProviderDouble, *users: Any, address: str = "", **how: Any
) -> AsyncIterator[tuple[Page, MemoryUsers]]:
    """A page whose users sign in at the double."""
    sign_in = SignIn(Provider(double.issuer, CLIENT, SECRET), id_token, address)
    async with peopled(folder, *users, loopback=False, sign_in=sign_in, **how) as (page, book):
        sign_in.page = address or page.address
        yield page, book


@pytest.fixture
async def page(tmp_path: Path, double: ProviderDouble) -> AsyncIterator[Page]:
    async with signing(tmp_path, double, ANA, TOM) as (served, _):
        yield served


async def asked(page: Page, path: str, **headers: str) -> tuple[int, str, Any]:
    """The status of a GET, where it leads or what it says, and its headers."""
    url = URL(path if path.startswith("http") else page.address + path, encoded=True)
    async with page.session.get(url, headers=HTML | headers, allow_redirects=False) as response:
        return response.status, response.headers.get("location") or await response.text(), response.headers


async def begun(page: Page, to: str = "/desk/numbers") -> str:
    """Where the browser is sent to sign in."""
    status, where, _ = await asked(page, f"/login/oidc?to={quote(to, safe='')}")
    assert status == 303, where
    return where


async def signed_in(page: Page, double: ProviderDouble, to: str = "/desk/numbers") -> tuple[int, str]:
    """The whole way: what the page says in the end."""
    return (await asked(page, double.authorized(await begun(page, to)), **FROM_ELSEWHERE))[:2]


async def is_in(page: Page) -> bool:
    return (await asked(page, "/desk"))[0] == 200


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
        ('/desk"><script>', "/desk&#34;&gt;&lt;script&gt;"),
        ("/desk;url=https://evil.example.com", "/desk;url=https://evil.example.com"),
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


def huge(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"issuer": "' + b"a" * LARGEST + b'"}', content_type="application/json")


def squeezed(_request: web.Request) -> web.StreamResponse:
    headers = {"content-encoding": "gzip"}
    return web.Response(body=gzip.compress(b" " * 5_000_000), headers=headers, content_type="application/json")


FAULTS: dict[str, Callable[[web.Request], web.StreamResponse]] = {
    "huge": huge,
    "squeezed": squeezed,
    "500": lambda _: web.Response(status=500, text="secret-of-an-error"),
    "no JSON": lambda _: web.Response(text="<html>"),
    "a list": lambda _: web.json_response([]),
    "deep": lambda _: web.Response(text="[" * 100_000),
    "other types": lambda _: web.json_response({"issuer": 1, "keys": {}, "id_token": []}),
    "a redirect": lambda _: web.Response(status=302, headers={"location": "/realms/shop/elsewhere"}),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_provider_that_does_not_answer_well(
    page: Page, double: ProviderDouble, path: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said in plain words, no redirect is followed, and nothing of the answer is in the log; afterwards it
    works."""
    double.answers[path] = FAULTS[fault]
    if "well-known" in path:
        status, shown, _ = await asked(page, "/login/oidc?to=/desk")
    else:
        status, shown = await signed_in(page, double)
    assert (status, "does not answer as it should" in shown) == (502, True)
    assert "/elsewhere" not in double.asked
    logged = capsys.readouterr().out
    assert "sign_in_failed" in logged
    assert "secret-of-an-error" not in logged
    assert SECRET not in logged
    double.answers.clear()
    assert (await signed_in(page, double))[0] == 200


async def test_a_provider_that_is_down(page: Page, double: ProviderDouble) -> None:
    """Users with a password log in as before."""
    await double.go_down()
    status, shown, _ = await asked(page, "/login/oidc?to=/desk")
    assert (status, "does not answer" in shown) == (502, True)
    assert (await log_in(page, "tom"))[0] == 303
    assert await is_in(page)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example.com"},
        {"token_endpoint": "http://evil.example.com/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    ],
    ids=str,
)
async def test_addresses_that_are_not_safe(page: Page, double: ProviderDouble, document: dict[str, Any]) -> None:
    """Neither a code nor the client's secret goes there."""
    double.document = document
    status, where, _ = await asked(page, "/login/oidc?to=/desk")
    if status == 303:
        status, where, _ = await asked(page, double.authorized(where))
    assert status == 502
    assert "/token" not in double.asked


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


async def test_without_a_provider_the_addresses_lead_to_the_form(tmp_path: Path) -> None:
    async with peopled(tmp_path, TOM) as (page, _):
        for path in ("/login/oidc", "/login/oidc/back?code=x&state=y"):
            assert (await asked(page, path))[:2] == (303, "/login")
        assert "Sign in at" not in (await asked(page, "/login"))[1]


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


GOOD = {
    "RECADO_OIDC_ISSUER": "https://id.example.com/realms/shop",
    "RECADO_OIDC_CLIENT_ID": CLIENT,
    "RECADO_OIDC_CLIENT_SECRET": SECRET,
    "RECADO_PAGE_URL": "https://chat.example.com/",
}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        *(({name: ""}, name) for name in GOOD if name != "RECADO_OIDC_ISSUER"),
        ({"RECADO_OIDC_ISSUER": "http://id.example.com"}, "with https://"),
        ({"RECADO_OIDC_ISSUER": "id.example.com"}, "with https://"),
        ({"RECADO_OIDC_ISSUER": "https://a:b@id.example.com"}, "with https://"),
        ({"RECADO_OIDC_ISSUER": "https://id.example.com/?a=b"}, "with https://"),
        ({"RECADO_OIDC_ISSUER": "http://localhost.example.com"}, "with https://"),
        ({"RECADO_PAGE_URL": "https://chat.example.com/desk"}, "without a path"),
        ({"RECADO_PAGE_URL": "http://chat.example.com"}, "without a path"),
        ({"RECADO_PAGE_URL": "chat.example.com"}, "without a path"),
        ({"RECADO_OIDC_CLIENT_SECRET": "a b"}, "RECADO_OIDC_CLIENT_SECRET"),
    ],
)
def test_settings_that_cannot_work(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told):
        settings_of(GOOD | given)


@pytest.mark.parametrize("issuer", ["http://localhost:8080/realms/a", "http://[::1]:80", "https://accounts.google.com"])
def test_settings_that_work(issuer: str) -> None:
    settings = settings_of(GOOD | {"RECADO_OIDC_ISSUER": issuer})
    assert settings.page_url == "https://chat.example.com"
    assert SECRET not in repr(settings)
    assert not settings.is_for_this_machine


def test_without_authlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert modules.oidc_problem(settings_of(GOOD)) is None
    monkeypatch.setattr(modules, "find_spec", lambda _: None)
    assert "make oidc" in (modules.oidc_problem(settings_of(GOOD)) or "")
    assert modules.oidc_problem(settings_of({})) is None
