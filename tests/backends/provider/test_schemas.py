"""Schemas of tools for servers that take plain ones alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.provider.schemas import plain

KEPT = {"type", "description", "enum", "properties", "required", "items"}

ORDER = {
    "$defs": {"Size": {"enum": ["small", "big"], "title": "Size"}, "Cake": {"$ref": "#/$defs/Size"}},
    "type": "object",
    "title": "Order",
    "additionalProperties": False,
    "properties": {
        "size": {"$ref": "#/$defs/Cake", "description": "How big."},
        "note": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}], "default": None},
        "days": {"type": ["integer", "null"], "minimum": 1},
        "tags": {"type": "array", "items": {"anyOf": [{"type": "null"}, {"type": "number"}]}, "uniqueItems": True},
        "kind": {"const": "cake"},
        "default": {"type": "string"},
    },
    "required": ["size", "gone"],
}


def test_the_meaning_stays() -> None:
    """References are put in place, null is no alternative, a name that is a keyword is a name."""
    assert plain(ORDER) == {
        "type": "object",
        "properties": {
            "size": {"enum": ["small", "big"], "description": "How big.", "type": "string"},
            "note": {"type": "string"},
            "days": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "number"}},
            "kind": {"enum": ["cake"], "type": "string"},
            "default": {"type": "string"},
        },
        "required": ["size"],
    }


@pytest.mark.parametrize(
    "schema", [{}, {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, {"type": "string"}]
)
def test_arguments_are_an_object(schema: dict[str, Any]) -> None:
    assert plain(schema) == {"type": "object", "properties": {}}


WORDS = sorted(KEPT | {"$ref", "$defs", "anyOf", "oneOf", "allOf", "default", "const", "additionalProperties", "a"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["object", "array", "#/$defs/a", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=20,
)


def keywords(schema: dict[str, Any]) -> set[str]:
    """All keywords of a schema."""
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return set(schema).union(*(keywords(one) for one in inner))


@given(schema=st.dictionaries(st.sampled_from(WORDS), JSON, max_size=5))
def test_any_schema_becomes_plain(schema: dict[str, Any]) -> None:
    """Whatever a tool's author wrote, no other keyword is left, and it ends."""
    made = plain(schema)
    assert keywords(made) <= KEPT
    msgspec.json.encode(made)
