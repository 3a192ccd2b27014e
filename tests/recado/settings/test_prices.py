"""Prices of models: the shipped file, a file of one's own, and what a limit in money refuses."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from chat.spending import Price, price_of
from recado.settings.environment import SettingsInvalid
from recado.settings.money import models_in_use, prices_of
from recado.settings.prices import SHIPPED, prices_in
from recado.settings.settings import Settings, settings_of
from recado.settings.shown import lines

GOOD = '"m" = { input = 1, output = 2 }'
CHAT, ACCOUNT = "RECADO_MAX_COST_PER_CHAT_PER_DAY", "RECADO_MAX_COST_PER_ACCOUNT_PER_DAY"


def test_every_shipped_price_has_a_source_and_a_date() -> None:
    """And the default models have a price."""
    for told in tomllib.loads(SHIPPED.read_text()).values():
        assert told["source"]
        assert told["date"].year >= 2026
    prices = prices_of(Settings())
    for model, _ in models_in_use(Settings(openai_api_key="sk-1"), Settings().speech_model):
        assert price_of(model, prices) is not None
    assert prices["smollm2"] == Price()


MEANING = {"OPENAI_API_KEY": "sk-1", "RECADO_KNOWLEDGE": "shop"}


@pytest.mark.parametrize("model", ["text-embedding-3-small", "text-embedding-3-large", "embedded"])
@pytest.mark.parametrize("limit", [CHAT, ACCOUNT])
def test_vectors_have_a_price(model: str, limit: str) -> None:
    """The models that docs/knowledge.md names."""
    settings_of({**MEANING, "OPENAI_EMBEDDING_MODEL": model, limit: "1"})


@pytest.mark.parametrize("mode", ["chat", "scripted"])
@pytest.mark.parametrize("limit", [CHAT, ACCOUNT])
def test_a_limit_in_money_needs_the_price_of_vectors(tmp_path: Path, mode: str, limit: str) -> None:
    """Also where a server of its own makes them; without a limit, or with a price, recado starts."""
    asked = {
        **MEANING,
        "OPENAI_API_MODE": mode,
        "OPENAI_EMBEDDING_MODEL": "my-vectors",
        "OPENAI_EMBEDDING_BASE_URL": "http://localhost:8080/v1",
    }
    with pytest.raises(SettingsInvalid, match=r"price of my-vectors \(OPENAI_EMBEDDING_MODEL\)"):
        settings_of({**asked, limit: "1"})
    settings_of(asked)
    file = tmp_path / "prices.toml"
    file.write_text('"my-vectors" = { input = 0.01, output = 0 }')
    settings_of({**asked, limit: "1", "RECADO_PRICES": str(file)})


def test_cached_tokens_cost_like_others_unless_told() -> None:
    """Never nothing."""
    assert prices_in(GOOD)["m"] == Price(input=Decimal(1), cached=Decimal(1), output=Decimal(2))
    assert prices_in('"M" = { input = 1, cached = 0.1, output = 2 }')["m"].cached == Decimal("0.1")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('"x" = { input = -1, output = 2 }', "input is '-1', give dollars from 0"),
        ('"x" = { input = "1", output = 2 }', "input is '1', give dollars"),
        ('"x" = { input = true, output = 2 }', "input is 'True'"),
        ('"x" = { input = nan, output = 2 }', "input is"),
        ('"x" = { input = inf, output = 2 }', "input is"),
        ('"x" = { input = 1e9, output = 2 }', "input is"),
        ('"x" = { input = 1 }', "give input and output, or minute"),
        ('"x" = {}', "give input and output, or minute"),
        ('"x" = 5', "this is no price"),
        ('"x" = { input = 1, ouput = 2 }', "it has no 'ouput', write output"),
        ('"x" = { input = 1, output = 2, minute = 3 }', "not both"),
        ('"x" = { input = 1, output = 2, date = "soon" }', "date is no date"),
        ('"x" = { input = 1, output = 2, source = 5 }', "source is no text"),
        ("x-6.1-y = { input = 1, output = 2 }", "needs quotes around it"),
        ('"X" = { input = 1, output = 2 }\n"x" = { input = 1, output = 2 }', "it is there twice"),
    ],
)
def test_a_fault_names_its_line(tmp_path: Path, line: str, says: str) -> None:
    """And what to do."""
    path = tmp_path / "prices.toml"
    path.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(SettingsInvalid) as refused:
        settings_of({"RECADO_PRICES": str(path)})
    (problem,) = refused.value.problems
    assert says in problem
    assert f"line {2 + line.count(chr(10))}, " in problem
    assert problem.startswith("RECADO_PRICES is ")


@pytest.mark.parametrize("content", ["what is this", '"x" = {', "\xff", "[[[[", '"x" = 1\n"x" = 2'])
def test_another_file_than_prices_is_refused(tmp_path: Path, content: str) -> None:
    """Never a traceback."""
    path = tmp_path / "prices.toml"
    path.write_bytes(content.encode("latin-1"))
    for given in (path, tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SettingsInvalid, match="RECADO_PRICES is "):
            settings_of({"RECADO_PRICES": str(given)})


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000, "1e" + "9" * 5000])
def test_a_number_without_end_is_refused(tmp_path: Path, number: str) -> None:
    """Python reads no whole number of more than 4,300 digits, but in hex, and it writes none."""
    path = tmp_path / "prices.toml"
    path.write_text(f'"x" = {{ input = {number}, output = 2 }}')
    with pytest.raises(SettingsInvalid, match="RECADO_PRICES is "):
        settings_of({"RECADO_PRICES": str(path)})


def test_the_page_shows_its_path_alone(tmp_path: Path) -> None:
    """And a file that an editor began with a byte order mark is read."""
    path = tmp_path / "prices.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    shown = {line.name: line.value for line in lines(settings_of({"RECADO_PRICES": str(path)}))}
    assert shown["RECADO_PRICES"] == str(path)


def test_a_line_of_ones_own_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    """The others stay."""
    path = tmp_path / "prices.toml"
    path.write_text('"gpt-6-luna" = { input = 7, output = 8 }')
    prices = prices_of(settings_of({"RECADO_PRICES": str(path)}))
    assert prices["gpt-6-luna"] == Price(input=Decimal(7), cached=Decimal(7), output=Decimal(8))
    assert prices["gpt-6-sol"].output == 10


@pytest.mark.parametrize("limit", [CHAT, ACCOUNT])
@pytest.mark.parametrize(
    ("given", "unknown"),
    [
        ({"OPENAI_API_KEY": "sk-1", "OPENAI_MODEL": "no-such-model"}, "no-such-model (OPENAI_MODEL)"),
        ({"OPENAI_API_KEY": "sk-1", "OPENAI_TRANSCRIPTION_MODEL": "ear"}, "ear (OPENAI_TRANSCRIPTION_MODEL)"),
        (
            {"OPENAI_TRANSCRIPTION_BASE_URL": "http://x/v1", "OPENAI_TRANSCRIPTION_MODEL": "ear"},
            "ear (OPENAI_TRANSCRIPTION_MODEL)",
        ),
        (
            {"OPENAI_BASE_URL": "http://x/v1", "OPENAI_API_MODE": "assistants", "OPENAI_ASSISTANT_ID": "asst_1"},
            "asst_1 (OPENAI_ASSISTANT_ID)",
        ),
    ],
)
def test_a_limit_in_money_needs_every_price(limit: str, given: dict[str, str], unknown: str) -> None:
    """Otherwise it would hold for nothing."""
    settings_of(given)
    settings_of({**given, limit: "0"})
    with pytest.raises(SettingsInvalid) as refused:
        settings_of({**given, limit: "0.50"})
    (problem,) = refused.value.problems
    assert f"{limit} needs the price of {unknown}, which is unknown: add a line" in problem


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"OPENAI_TRANSCRIPTION_MODEL": "ear"},
        {"OPENAI_TRANSCRIPTION_MODEL": "", "OPENAI_TRANSCRIPTION_BASE_URL": "http://x/v1"},
        {"OPENAI_TRANSCRIPTION_MODEL": "whisper-1", "OPENAI_TRANSCRIPTION_BASE_URL": "http://x/v1"},
        {"OPENAI_API_MODE": "scripted", "OPENAI_TRANSCRIPTION_MODEL": "ear"},
        {"OPENAI_API_KEY": "sk-1"},
    ],
)
def test_known_prices_are_enough(given: dict[str, str]) -> None:
    """The local model, a script, and the defaults."""
    assert settings_of({**given, CHAT: "0.50"}).max_cost_per_chat_per_day == Decimal("0.50")


@pytest.mark.parametrize("sum_", ["-1", "1e3", "0,50", "$5", "nan", "1.2.3", "٣", "1.0000001", "."])
def test_no_sum_of_money(sum_: str) -> None:
    """Refused with an example."""
    with pytest.raises(SettingsInvalid, match="no sum of US dollars"):
        settings_of({CHAT: sum_})
