"""Schemas of tools' arguments in the plain form that every server takes."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_KEPT = frozenset({"type", "description", "enum", "properties", "required", "items"})
_DEEPEST = 16


def plain(schema: Schema) -> Schema:
    """`schema` with types, descriptions, enums, properties and items alone: references are put in place, of
    alternatives the first that is not null stays, and the rest is left to the tool, which checks its arguments."""
    definitions = {**schema.get("definitions", {}), **schema.get("$defs", {})}
    made = _plain(schema, definitions, 0)
    return made if made.get("type") == "object" else {"type": "object", "properties": {}}


def _plain(schema: Any, definitions: Schema, depth: int) -> Schema:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return {"type": "string"}
    whole = _resolved(schema, definitions, depth)
    made = {name: value for name, value in whole.items() if name in _KEPT}
    if "const" in whole:
        made["enum"] = [whole["const"]]
    if isinstance(made.get("type"), list):
        made["type"] = next((one for one in made["type"] if one != "null"), "string")
    if isinstance(made.get("enum"), list):
        made["enum"] = [one for one in made["enum"] if one is not None]
        made.setdefault("type", "string" if all(isinstance(one, str) for one in made["enum"]) else "number")
    properties = made.get("properties")
    if isinstance(properties, dict):
        made["properties"] = {name: _plain(one, definitions, depth + 1) for name, one in properties.items()}
        made["type"] = "object"
        made["required"] = [name for name in made.get("required", ()) if name in properties]
        if not made["required"]:
            del made["required"]
    else:
        made.pop("required", None)
    if made.get("type") == "array" or "items" in made:
        made["type"] = "array"
        made["items"] = _plain(made.get("items"), definitions, depth + 1)
    made.setdefault("type", "string")
    if made["type"] == "object":
        made.setdefault("properties", {})
    return made


def _resolved(schema: Schema, definitions: Schema, depth: int) -> Schema:
    """`schema` with its reference, its alternatives and its parts put in place; its own words win."""
    for _ in range(_DEEPEST - depth):
        if isinstance(schema.get("$ref"), str):
            inner = definitions.get(schema["$ref"].rpartition("/")[2], {})
        elif several := next((schema[name] for name in ("anyOf", "oneOf") if schema.get(name)), None):
            inner = next((one for one in several if isinstance(one, dict) and one.get("type") != "null"), {})
        elif isinstance(schema.get("allOf"), list):
            inner = {name: value for one in schema["allOf"] if isinstance(one, dict) for name, value in one.items()}
        else:
            return schema
        own = {name: value for name, value in schema.items() if name not in ("$ref", "anyOf", "oneOf", "allOf")}
        schema = {**inner, **own} if isinstance(inner, dict) else own
    return {name: value for name, value in schema.items() if name in _KEPT}
