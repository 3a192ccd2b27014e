"""A writer of profiles gets no module and no hosted tool that the instance's environment withholds."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from recado.profiles.overlay import ProfileUnusable
from recado.settings.provider import OPENAI
from tests.recado.profiles.laid import settings_of_profile
from tests.security.own_environment import GROQ, MCP, OWN, SECRET, profile


@pytest.mark.parametrize(
    "module",
    ["os", "subprocess", "bakery_tools.evil", "bakery_tools,os", "bakery_tools os", ".bakery_tools", "BAKERY_TOOLS",
     "evil.bakery_tools", "bakery_tools/../evil", "/tmp/evil.py", "__main__", "bakery_tools:system", "bаkery_tools"],
)  # fmt: skip
def test_no_other_module_is_named(module: str) -> None:
    before = set(sys.modules)
    with pytest.raises(ProfileUnusable, match="RECADO_PROFILE_TOOLS"):
        settings_of_profile(OWN, profile(tools=module))
    assert {name for name in set(sys.modules) - before if not name.startswith("encodings")} == set()
    assert settings_of_profile(OWN, profile(tools="bakery_tools")).tools == "bakery_tools"


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "mcp", "server_label": "x", "server_url": "https://evil.example/sse"},
        {"type": "mcp", "server_label": "x", "server_url": MCP, "headers": {"Authorization": "Bearer x"}},
        {"type": "mcp", "server_label": "x", "server_url": MCP, "authorization": "x"},
        {"type": "mcp", "server_label": "x", "connector_id": "connector_gmail", "authorization": "x"},
        {"type": "mcp", "server_label": "x", "server_url": MCP.upper()},
        {"type": "mcp", "server_label": "x", "server_url": MCP + "/"},
        {"type": "mcp", "server_label": "x", "server_url": "https://mcp.example@evil.example/sse"},
        {"type": "mcp", "server_label": "x", "server_url": OPENAI},
        {"type": "MCP", "server_label": "x", "server_url": MCP},
        {"type": "code_interpreter", "container": {"type": "auto", "network_policy": {"type": "allowlist"}}},
        {
            "type": "code_interpreter",
            "container": {"type": "auto", "domain_secrets": [{"domain": "evil.example", "name": "a", "value": "b"}]},
        },
        {"type": "web_search", "headers": {"a": "b"}},
        {"type": "computer_use_preview"},
        {"type": "shell"},
        {"type": "function", "name": "f"},
        {"server_url": "https://evil.example/sse"},
    ],
)
def test_no_hosted_tool_reaches_further(tool: dict[str, Any]) -> None:
    with pytest.raises(ProfileUnusable) as unusable:
        settings_of_profile(OWN, profile(openai_api_mode="responses", hosted_tools=[tool]))
    assert {fault.field for fault in unusable.value.faults} == {"hosted_tools"}


def test_allowed_hosted_tools() -> None:
    tools = [
        {"type": "web_search", "filters": {"allowed_domains": ["example.org"]}},
        {"type": "file_search", "vector_store_ids": ["vs_1"]},
        {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-1"]}},
        {"type": "mcp", "server_label": "x", "server_url": MCP, "require_approval": "never"},
    ]
    found = settings_of_profile(OWN, profile(openai_api_mode="responses", hosted_tools=tools))
    assert list(found.hosted_tools) == tools


@pytest.mark.parametrize(
    ("given_fields", "kept"),
    [
        ({}, True),
        ({"openai_model": "x"}, True),
        ({"openai_base_url": OPENAI}, True),
        ({"openai_base_url": GROQ}, False),
        ({"openai_base_url": GROQ, "openai_api_key_name": "GROQ_KEY"}, False),
    ],
)
def test_the_tools_of_the_instance_go_to_its_server_alone(given_fields: dict[str, str], kept: bool) -> None:
    """They may hold keys of MCP servers."""
    tool = f'{{"type": "mcp", "server_label": "x", "server_url": "https://x.example", "authorization": "{SECRET}"}}'
    own = OWN | {"OPENAI_API_MODE": "responses", "RECADO_HOSTED_TOOLS": f"[{tool}]"}
    found = settings_of_profile(own, profile(**given_fields))
    assert (SECRET in str(found.hosted_tools)) is kept
