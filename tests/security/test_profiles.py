"""A writer of profiles gets no key, variable, file or host that the instance's environment withholds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.profiles.overlay import ProfileUnusable
from recado.settings.environment import SettingsInvalid
from recado.settings.provider import OPENAI
from recado.settings.settings import VARIABLES, Settings, settings_of
from recado.wiring.keys import model_key
from recado.wiring.profile_settings import ProfileSettings
from tests.recado.profiles.laid import settings_of_profile
from tests.security.own_environment import GROQ, MCP, OLLAMA, OWN, SECOND, SPEECH, VECTORS, outcome, profile

MAY_GO = {
    (OPENAI, "sk-own"),
    (SECOND, "sk-second"),
    (SPEECH, "sk-speech"),
    (VECTORS, "sk-vectors"),
    (GROQ, "gsk-groq"),
    (GROQ, "sk-shop-one"),
}
SECRETS = {text for name, text in OWN.items() if name != "HOME" and not text.startswith("http")} - {
    *("second-model", "bakery_tools"),
}
TRICKS = [
    "https://evil.example/v1",
    f"{OPENAI}@evil.example/v1",
    "https://api.openai.com@evil.example/v1",
    "https://sk-own@api.openai.com/v1",
    "https://api.openai.com:443/v1",
    "https://api.openai.com:8443/v1",
    "https://api.openai.com./v1",
    "https://API.openai.com/v1",
    "HTTPS://api.openai.com/v1",
    "http://api.openai.com/v1",
    "https://api.openai.com/v1/",
    "https://api.openai.com/v1/../v2",
    "https://api.openai.com/v1?to=evil.example",
    "https://api.openai.com/v1#evil",
    "https://api.openai.com\\@evil.example/v1",
    "https://api.openai.com%2eevil.example/v1",
    "https://api.openai.com.evil.example/v1",
    "https://api.openаi.com/v1",  # a Cyrillic letter
    "https://api。openai.com/v1",
    "https://xn--api-openai.com/v1",
    "https://[::ffff:127.0.0.1]/v1",
    "http://localhost:11434/v1/@evil.example",
    "http://localhost:11434",
    "http://127.0.0.1:11434/v1",
    "http://169.254.169.254/latest/meta-data",
    "http://0x7f000001/v1",
    "file:///etc/passwd",
    "ftp://api.openai.com/v1",
    "//evil.example/v1",
    "javascript:alert(1)",
    "https://api.openai.com/v1\nhttps://evil.example/v1",
    "https://api.openai.com/v1 https://evil.example",
    "https://api.openai.com/v1,https://evil.example/v1",
]
NAMES = [
    *OWN,
    *("PATH", "openai_api_key", "OPENAI_API_KEY ", "OPENAI_API_KEY\n", "SHOP_*", "SHOP_", "*", "", ".", "..", "A/B"),
    *(
        "../OPENAI_API_KEY",
        "/etc/passwd",
        "SHOP_/../X",
        "SHOP_ONE/../../OPENAI_API_KEY",
        "SHOP_ONE\x00",
        "ＳＨＯＰ_ONE",
    ),
    *("sk-own", "${OPENAI_API_KEY}", "$OPENAI_API_KEY", "{OPENAI_API_KEY}"),
]
URLS = ["openai_base_url", "fallback_base_url", "transcription_base_url", "embedding_base_url"]
KEYS = ["openai_api_key_name", "fallback_api_key_name", "transcription_api_key_name", "embedding_api_key_name"]


def pairs(found: Settings) -> Iterator[tuple[str, str]]:
    """Each server that is asked, with the key that it is sent: as recado.wiring does it."""
    yield found.openai_base_url or OPENAI, found.openai_api_key
    if found.fallback is not None:
        yield found.fallback.base_url or OPENAI, found.fallback.api_key
    own = found.transcription_base_url
    yield own or found.openai_base_url or OPENAI, found.openai_api_key if own is None else found.transcription_api_key
    own = found.embedding_base_url
    yield own or found.openai_base_url or OPENAI, found.openai_api_key if own is None else found.embedding_api_key


SERVERS = st.sampled_from([*TRICKS, OPENAI, GROQ, OLLAMA, SECOND, SPEECH, VECTORS, MCP, ""])


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(URLS), SERVERS),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(NAMES)),
    st.dictionaries(
        st.sampled_from(["fallback_model", "openai_model", "transcription_model", "embedding_model"]),
        st.sampled_from(["", "m"]),
    ),
    st.sampled_from(
        [
            (),
            ("OPENAI_FALLBACK_BASE_URL",),
            ("OPENAI_TRANSCRIPTION_BASE_URL",),
            ("OPENAI_EMBEDDING_BASE_URL",),
            ("OPENAI_FALLBACK_API_KEY",),
        ]
    ),
)
def test_no_key_goes_to_another_server(
    urls: dict[str, str], keys: dict[str, str], models: dict[str, str], unset: tuple[str, ...]
) -> None:
    """Whatever servers and keys a profile names together, and whatever the instance leaves unset."""
    own = {name: text for name, text in OWN.items() if name not in unset}
    may_go = MAY_GO | set(pairs(settings_of(own)))
    if "OPENAI_FALLBACK_BASE_URL" in unset:
        may_go |= {(OPENAI, "sk-second")}
    if "OPENAI_TRANSCRIPTION_BASE_URL" in unset:
        may_go |= {(OPENAI, "sk-speech")}
    if "OPENAI_EMBEDDING_BASE_URL" in unset:
        may_go |= {(OPENAI, "sk-vectors")}
    found = outcome(own, profile(**urls, **keys, **models))
    if isinstance(found, ProfileUnusable):
        assert not any(secret in str(found) for secret in SECRETS if secret not in str(keys.values()))
        return
    for server, key in pairs(found):
        assert server in {OPENAI, GROQ, OLLAMA, SECOND, SPEECH, VECTORS, MCP}
        assert not key or (server, key) in may_go


@pytest.mark.parametrize("field", URLS)
@pytest.mark.parametrize("trick", TRICKS)
def test_no_other_way_of_writing_a_server_passes(field: str, trick: str) -> None:
    with pytest.raises(ProfileUnusable) as unusable:
        settings_of_profile(OWN, profile(**{field: trick}))
    assert {fault.field for fault in unusable.value.faults} == {field}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("", "OPENAI_API_KEY")])
def test_no_other_variable_is_even_looked_up(name: str) -> None:
    """For the instance's own server only its own key is named; for another one those that the environment lists."""
    asked: list[str] = []

    def secret_of(wanted: str) -> str | None:
        asked.append(wanted)
        return OWN.get(wanted)

    own = {
        SECOND: "OPENAI_FALLBACK_API_KEY",
        SPEECH: "OPENAI_TRANSCRIPTION_API_KEY",
        VECTORS: "OPENAI_EMBEDDING_API_KEY",
    }
    for server in (OPENAI, GROQ, OLLAMA, *own):
        is_allowed = server == GROQ and name in {"GROQ_KEY", "SHOP_ONE", "SHOP_"}
        is_allowed |= own.get(server) == name
        found = outcome(OWN, profile(openai_base_url=server, openai_api_key_name=name), secret_of)
        assert is_allowed == (not isinstance(found, ProfileUnusable) or bool(found.lacks))
    assert set(asked) <= {"GROQ_KEY", "SHOP_ONE", "SHOP_", *own.values()}


def test_a_key_that_was_written_as_a_name_is_not_told() -> None:
    with pytest.raises(ProfileUnusable) as unusable:
        settings_of_profile(OWN, profile(openai_api_key_name="sk-proj-Abc123"))
    assert "Abc123" not in str(unusable.value)


@pytest.mark.parametrize(
    "field", [field for field, variable in VARIABLES.items() if not variable.profile and field != "account"]
)
def test_what_is_the_instances_stays_so(field: str) -> None:
    """Keys, places, the bus, tokens, retention: a profile that sets one changes nothing."""
    assert settings_of_profile(OWN, profile(**{field: VARIABLES[field].example})) == settings_of(OWN)


@pytest.mark.parametrize(
    "value",
    [
        f"{GROQ} OPENAI_API_KEY",
        f"{GROQ} OPENAI_*",
        f"{GROQ} WHATSAPP_*",
        f"{GROQ} RECADO_X",
        f"{GROQ} NATS_URL",
        f"{GROQ} *",
        f"{GROQ} S*",
        f"{GROQ} SHOP*",
        f"{GROQ} _*",
        f"{GROQ} shop_key",
        f"{GROQ} ../KEY",
        "https://user:pass@api.example/v1 KEY_1",
        "https://api.example/v1?x=1 KEY_1",
        "file:///etc KEY_1",
        "KEY_1",
    ],
)
def test_an_environment_that_would_allow_too_much(value: str) -> None:
    """recado's own keys and tokens can be named for no server, and no pattern covers them."""
    with pytest.raises(SettingsInvalid, match="RECADO_PROFILE_SERVERS"):
        settings_of({"OPENAI_API_KEY": "k", "RECADO_PROFILE_SERVERS": value})


def test_nothing_is_filled_into_a_value() -> None:
    """Names of variables in a text stay as they are."""
    prompt = "${OPENAI_API_KEY} $HOME {OPENAI_API_KEY} %(OPENAI_API_KEY)s `cat /etc/passwd`"
    assert settings_of_profile(OWN, profile(ai_system_prompt=prompt)).ai_system_prompt == prompt


@pytest.mark.parametrize(
    "value",
    [{"a": 1}, [["a"]], None, True, [None], "x" * 60_000, ["x"] * 5_000, 10**400, float("inf"), "\x00", "[" * 900],
)
@pytest.mark.parametrize(
    "field",
    [
        *("hours", "allow", "stop_words", "pairing", "hosted_tools", "openai_base_url", "tools"),
        *("openai_api_key_name", "max_conversation_history", "timezone", "takeover"),
    ],
)
def test_odd_values_are_told_and_stop_nothing(field: str, value: Any) -> None:
    """A document that was written past the command; either it is told, or it has a meaning."""
    found = outcome(OWN, profile(**{field: value}))
    if isinstance(found, ProfileUnusable):
        assert found.faults
        assert len(str(found)) < 70_000


@pytest.mark.parametrize(("fields", "expected"), [({}, "sk-late"), ({"openai_base_url": GROQ}, None)])
def test_a_key_that_comes_later_goes_to_no_other_server(
    fields: dict[str, str], expected: str | None, tmp_path: Path
) -> None:
    """The instance has no key yet; a server that a profile names refuses, and the instance's key lies in the folder."""
    own = {"OPENAI_BASE_URL": OLLAMA, "RECADO_PROFILE_SERVERS": GROQ, "RECADO_SECRETS": str(tmp_path)}
    found = ProfileSettings(settings_of(own)).of(profile(**fields)).settings
    assert found is not None
    key = model_key(found)
    (tmp_path / "OPENAI_API_KEY").write_text("sk-late")
    assert (key.value if key.replaced(key.value) else None) == expected
