"""The settings of a profile: the instance's own, with the profile's values laid over them by the same readers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.profile import Profile
from recado.profiles.keys import KEY_NAMES
from recado.profiles.overlay import FIELDS, SETTABLE, ProfileUnusable, unapplied
from recado.settings.environment import SettingsInvalid
from recado.settings.settings import VARIABLES, settings_of
from tests.recado.profiles.laid import settings_of_profile

GROQ = "https://api.groq.com/openai/v1"
OLLAMA = "http://localhost:11434/v1"
OWN = {
    "OPENAI_API_KEY": "sk-own",
    "OPENAI_MODEL": "gpt-6-sol",
    "RECADO_HOURS": "Mon 09:00-10:00",
    "RECADO_PROFILE_SERVERS": f"{GROQ} GROQ_KEY SHOP_*; {OLLAMA}",
    "RECADO_PROFILE_TOOLS": "bakery_tools",
    "GROQ_KEY": "gsk-1",
    "SHOP_ONE": "sk-one",
}

EXAMPLES = {
    field: variable.example
    for field, variable in VARIABLES.items()
    if variable.profile and field not in ("openai_assistant_id", "openai_agent_id")
}


def profile(**settings: Any) -> Profile:
    return Profile(name="shop", n=1, at=datetime(2026, 11, 29, tzinfo=UTC), settings=settings)


def faults(given: dict[str, str], **settings: Any) -> dict[str, str]:
    with pytest.raises(ProfileUnusable) as unusable:
        settings_of_profile(given, profile(**settings))
    return {fault.field: fault.problem for fault in unusable.value.faults}


ENVIRONMENTS = st.dictionaries(st.sampled_from(sorted(EXAMPLES)), st.booleans(), max_size=8).map(
    lambda chosen: {"OPENAI_API_KEY": "sk-own"} | {VARIABLES[field].name: EXAMPLES[field] for field in chosen}
)


@given(ENVIRONMENTS)
def test_an_empty_profile_is_the_instance_itself(given_variables: dict[str, str]) -> None:
    try:
        own = settings_of(given_variables)
    except SettingsInvalid:
        return
    assert settings_of_profile(given_variables, profile()) == own


@pytest.mark.parametrize("field", sorted(SETTABLE))
def test_a_profile_reads_as_the_file_of_the_instance(field: str) -> None:
    """The same text gives the same value, in a profile and in `.env`."""
    variable, base = VARIABLES[field], {"OPENAI_API_KEY": "sk-own", "RECADO_PROFILE_TOOLS": VARIABLES["tools"].example}
    base |= {"openai_api_mode": {}, "hosted_tools": {"OPENAI_API_MODE": "responses"}}.get(field, {})
    if field.endswith("base_url"):
        base["RECADO_PROFILE_SERVERS"] = variable.example
    if field.startswith("fallback_base"):
        base["OPENAI_FALLBACK_MODEL"] = "second"
    expected = getattr(settings_of(base | {variable.name: variable.example}), field)
    assert getattr(settings_of_profile(base, profile(**{field: variable.example})), field) == expected


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("hours", ["Mon-Fri 09:00-18:00", "Sat 10:00-13:00"], "Mon-Fri 09:00-18:00; Sat 10:00-13:00"),
        ("allow", ["+55 11 99999-9999", "4930*"], "5511999999999, 4930*"),
        ("mentions", ["Bia"], "Bia"),
        ("stop_words", ["stop", "parar"], "stop, parar"),
        ("pairing", True, "on"),
        ("handoff", False, "off"),
        ("built_in_tools", ["ask_choice", "send_file"], "ask_choice,send_file"),
        ("service_tools", ["arrival", "stock"], "arrival, stock"),
        ("max_conversation_history", 7, "7"),
        ("fallback_after", 2.5, "2.5"),
        ("max_cost_per_chat_per_day", 0, "0"),
        ("takeover", "2h", "2h"),
        ("takeover", 60, "60"),
        ("ai_system_prompt", "  Line\nline  ", "  Line\nline  "),
    ],
)
def test_values_of_toml(field: str, value: Any, text: str) -> None:
    expected = settings_of({"OPENAI_API_KEY": "k", VARIABLES[field].name: text})
    assert settings_of_profile({"OPENAI_API_KEY": "k"}, profile(**{field: value})) == expected


def test_an_empty_value_is_unset() -> None:
    """The instance has hours; the profile has none."""
    assert settings_of_profile(OWN, profile()).hours
    for empty in ("", []):
        assert settings_of_profile(OWN, profile(hours=empty)).hours == ()
    assert settings_of_profile(OWN, profile(stop_words=[])).stop_words == frozenset()
    assert settings_of_profile(OWN, profile(ai_system_prompt="")).ai_system_prompt == ""


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("hours", ["Mon-Fri 18:00-09:00"], "hours is 'Mon-Fri 18:00-09:00', in which"),
        ("hours", ["Mon 9:00-10:00; Tue 9:00-10:00"], "holds a semicolon: write two entries"),
        ("stop_words", ["a,b"], "holds a comma: write two entries"),
        ("allow", [["a"]], "which is no text and no number"),
        ("pairing", 1, "pairing is '1', which is none of on, off"),
        ("max_conversation_history", True, "which is no text and no number"),
        ("max_conversation_history", {"a": 1}, "which is no text and no number"),
        ("max_conversation_history", None, "which is no text and no number"),
        ("max_conversation_history", 1001, "max_conversation_history is '1001', which is not a whole number"),
        ("openai_api_mode", "respones", "did you mean responses?"),
        ("timezone", "../../etc/passwd", "which is no time zone"),
        ("tools", "os", "tools is 'os', which is no module that a profile may name"),
        ("hosted_tools", [{"type": "web_search"}], "hosted_tools is set, and mode chat has none"),
        ("max_cost_per_chat_per_day", "1", "max_cost_per_chat_per_day needs the price of x"),
    ],
)
def test_a_wrong_value_names_its_field(field: str, value: Any, said: str) -> None:
    more = {"openai_model": "x"} if "cost" in field else {}
    assert said in faults(OWN, **{field: value}, **more)[field]


def test_all_problems_are_told() -> None:
    found = faults(OWN, hours="never", pairing="perhaps", openai_base_url="https://x/v1", openai_api_key_name="no")
    assert set(found) == {"hours", "pairing", "openai_base_url", "openai_api_key_name"}


def test_each_server_has_its_key() -> None:
    """The instance's key goes to the instance's server, a named one where it is allowed, and nothing anywhere else."""

    def asked(**settings: Any) -> tuple[str | None, str]:
        found = settings_of_profile(OWN, profile(**settings))
        return found.openai_base_url, found.openai_api_key

    assert asked() == (None, "sk-own")
    assert asked(openai_base_url=GROQ) == (GROQ, "")
    assert asked(openai_base_url=GROQ, openai_api_key_name="GROQ_KEY") == (GROQ, "gsk-1")
    assert asked(openai_base_url=GROQ, openai_api_key_name="SHOP_ONE") == (GROQ, "sk-one")
    assert asked(openai_base_url=OLLAMA) == (OLLAMA, "")
    assert asked(openai_base_url="https://api.openai.com/v1") == ("https://api.openai.com/v1", "sk-own")
    assert asked(openai_api_key_name="OPENAI_API_KEY") == (None, "sk-own")
    second = settings_of_profile(OWN, profile(fallback_model="b", fallback_base_url=GROQ)).fallback
    assert second is not None
    assert (second.base_url, second.api_key) == (GROQ, "")
    second = settings_of_profile(OWN, profile(fallback_model="b")).fallback
    assert second is not None
    assert (second.base_url, second.api_key) == (None, "sk-own")
    speech = settings_of_profile(OWN, profile(transcription_base_url=GROQ, transcription_api_key_name="GROQ_KEY"))
    assert (speech.transcription_base_url, speech.transcription_api_key) == (GROQ, "gsk-1")


def test_a_variable_that_is_unset_here() -> None:
    """It is told apart from a mistake: the chats wait."""
    with pytest.raises(ProfileUnusable, match="SHOP_TWO, which is unset here") as unusable:
        settings_of_profile(OWN, profile(openai_base_url=GROQ, openai_api_key_name="SHOP_TWO"))
    assert unusable.value.lacks == ("SHOP_TWO",)
    with pytest.raises(ProfileUnusable) as unusable:
        settings_of_profile(OWN, profile(openai_base_url=GROQ, openai_api_key_name="SHOP_TWO", hours="never"))
    assert unusable.value.lacks == ("SHOP_TWO",)
    assert [fault.lacks for fault in unusable.value.faults] == [False, True]
    found = settings_of_profile(
        OWN, profile(openai_base_url=GROQ, openai_api_key_name="SHOP_TWO"), {"SHOP_TWO": "sk-two"}.get
    )
    assert found.openai_api_key == "sk-two"


@pytest.mark.parametrize("key", ["sk two", "sk\ntwo", "ключ"])
def test_a_key_that_is_none(key: str) -> None:
    given = OWN | {"SHOP_ONE": key}
    (problem,) = faults(given, openai_base_url=GROQ, openai_api_key_name="SHOP_ONE").values()
    assert "copy it again" in problem
    assert key not in problem


def test_a_field_of_a_newer_release_is_passed_over() -> None:
    more = {"mood": "good", "retention": "1d", "openai_api_key": "sk-evil", "account": "x", "nats_url": "nats://x"}
    assert settings_of_profile(OWN, profile(**more)) == settings_of(OWN)
    assert unapplied(profile(**more, hours=[])) == sorted(more)


def test_every_field_of_a_profile() -> None:
    """Each is in the table of settings; a key is named, and never given."""
    assert set(KEY_NAMES) == {f"{field}_name" for field, variable in VARIABLES.items() if variable.named}
    assert all(VARIABLES[field].secret and not VARIABLES[field].profile for field in map(_field, KEY_NAMES))
    assert {*KEY_NAMES, *(field for field, variable in VARIABLES.items() if variable.profile)} == FIELDS


def _field(key_name: str) -> str:
    return KEY_NAMES[key_name].key
