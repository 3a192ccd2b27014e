"""The settings about people: the values that they take, and the errors for others."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from chat.hours import Span
from recado.settings.settings import SettingsInvalid, settings_of


def test_people_are_named_by_number_by_jid_or_by_how_they_begin() -> None:
    """As a person writes a number."""
    given = {"RECADO_ALLOW": "+55 11 99999-9999, 4930*, 1203@g.us,5511888888888@c.us"}
    assert settings_of(given).gates.allow == ("5511999999999", "4930*", "1203@g.us", "5511888888888@s.whatsapp.net")


def test_the_bots_own_numbers_become_jids() -> None:
    """So that they are compared with what a gateway says is mentioned."""
    assert settings_of({"RECADO_MENTIONS": "5511977777777"}).gates.names == ("5511977777777@s.whatsapp.net",)


def test_hours_of_a_week() -> None:
    """Several spans; 24:00 is the end of a day, and a week may wrap around Sunday."""
    given = {"RECADO_HOURS": "Mon-Wed 09:00-18:00; sat 20:00-24:00", "RECADO_TIMEZONE": "America/Sao_Paulo"}
    hours = settings_of(given).gates.hours
    assert hours is not None
    assert hours.spans == (*(Span(day, time(9), time(18)) for day in range(3)), Span(5, time(20), time.max))
    assert hours.are_open(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    assert {span.day for span in settings_of({"RECADO_HOURS": "Sat-Mon 9:00-10:00"}).hours} == {5, 6, 0}


def test_words_may_be_switched_off() -> None:
    """An empty value is none of them."""
    assert settings_of({"RECADO_STOP_WORDS": ""}).gates.stop_words == frozenset()
    assert settings_of({"RECADO_STOP_WORDS": "Parar, STOP"}).gates.stop_words == {"parar", "stop"}


def test_groups_are_answered_when_the_bot_is_meant_unless_told_otherwise() -> None:
    """What a bot in a group of a family should do."""
    assert settings_of({}).gates.groups == "mentioned"


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("RECADO_ALLOW", "ana", "neither a phone number nor a JID"),
        ("RECADO_HOURS", "always", "write Mon-Fri 09:00-18:00"),
        ("RECADO_HOURS", "Mon 18:00-02:00", "two spans"),
        ("RECADO_HOURS", "Mon 18:00-25:00", "no time of the day"),
        ("RECADO_HOURS", "Mon-Fry 9:00-18:00", "is no time"),
        ("RECADO_TIMEZONE", "Sao Paulo", "America/Sao_Paulo"),
        ("RECADO_TIMEZONE", "../etc/passwd", "America/Sao_Paulo"),
        ("RECADO_STOP_WORDS", "x" * 30, "short words"),
        ("RECADO_GROUPS", "alway", "did you mean always"),
        ("RECADO_PAIRING", "yes", "on, off"),
        ("RECADO_MESSAGES_PER_HOUR", "-1", "whole number"),
    ],
)
def test_impossible_values_are_refused_with_possible_ones(name: str, value: str, hint: str) -> None:
    """Every message names the variable."""
    with pytest.raises(SettingsInvalid) as refusal:
        settings_of({name: value})
    assert name in str(refusal.value)
    assert hint in str(refusal.value)
