"""Logs quote libraries, providers and errors, which quote what they were sent: no secret setting is among it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recado import logs
from recado.cli.session import settings
from recado.doctor.doctor import examine
from recado.settings.settings import VARIABLES, Settings, settings_of

TOKENS = ["mcp-token-1f0b", "header-token-2c9d", 'quoted"token\\3', "https://mcp.example.org/key-4e5f?a=b"]
TOOLS = [
    {"type": "mcp", "server_label": "orders", "require_approval": "never", "authorization": TOKENS[0]},
    {"type": "mcp", "server_label": "stock", "headers": {"Authorization": f"Bearer {TOKENS[1]}", "X-Key": TOKENS[2]}},
    {"type": "mcp", "server_label": "mail", "server_url": TOKENS[3]},
    {"type": "web_search", "search_context_size": "medium"},
]
SECRET = [variable for variable in VARIABLES.values() if variable.secret]
GIVEN = {
    variable.name: json.dumps(TOOLS) if variable.name == "RECADO_HOSTED_TOOLS" else f"{variable.name.lower()}-7Qx"
    for variable in SECRET
} | {"OPENAI_API_MODE": "responses"}
"""A value for every secret in the table. A variable that takes no such text fails here, and gets a value of its own."""


@pytest.fixture(autouse=True)
def nothing_masked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No secret is known yet, and no file has settings."""
    monkeypatch.setattr(logs, "_secrets", type(logs._secrets)())
    monkeypatch.chdir(tmp_path)
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RECADO_DATA", str(tmp_path))


@pytest.mark.parametrize("name", [variable.name for variable in SECRET if variable.name != "RECADO_HOSTED_TOOLS"])
def test_every_secret_of_the_table_is_masked(name: str) -> None:
    """The variable says that it is a secret, and nothing else has to."""
    settings()
    assert logs.redacted(f"refused: {GIVEN[name]}!") == "refused: [secret]!"


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("quoted", [str, repr, json.dumps])
def test_tokens_inside_json_are_masked(token: str, quoted: type[str]) -> None:
    """At any depth, alone and as Python and JSON quote them; a scheme before one makes no difference."""
    settings()
    shown = logs.redacted(quoted(f"refused: {token}! <{token}> and Bearer {token}"))
    assert token not in shown
    assert json.dumps(token)[1:-1] not in shown
    assert shown.count("[secret]") >= 3


def test_the_words_of_an_api_are_no_secrets() -> None:
    """Where `web_search` or `medium` were blacked out, no log could be read."""
    settings()
    line = "web_search with a medium context; mcp asks for approval: never"
    assert logs.redacted(line) == line


def test_a_secret_within_a_longer_one_leaves_no_rest() -> None:
    """Whichever comes first."""
    logs.mask("hunter22", "hunter22-and-more")
    assert logs.redacted("it was hunter22-and-more") == "it was [secret]"


async def test_doctor_masks_them_too() -> None:
    """It reads the settings by itself, since it names everything that is wrong with them."""
    async for _ in examine(GIVEN | {"RECADO_HOST": "127.0.0.1"}, Path("no-such.env")):
        break
    assert logs.redacted(GIVEN["OPENAI_API_KEY"]) == "[secret]"


def test_the_settings_do_not_show_them_either() -> None:
    """As `repr` and a traceback show them."""
    shown = repr(settings_of(GIVEN))
    assert "7Qx" not in shown
    assert not [token for token in TOKENS if token in shown]


def test_an_unset_secret_masks_nothing() -> None:
    """An empty text is in every line."""
    masked: list[str] = []
    Settings().mask(masked.append)
    assert not [text for text in masked if text]
