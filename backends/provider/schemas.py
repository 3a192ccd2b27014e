"""Schemas of tools' arguments in the plain form that every server takes."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_KEPT = frozenset({"type", "description", "enum", "properties", "required", "items"})
_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean"})
_DEEPEST = 12


def plain(schema: Schema) -> Schema:
    """`schema` with types, descriptions, enums, properties and items alone: references are put in place, of
    alternatives the first that is not null stays, and the rest is left to the tool, which checks its arguments."""
    made = _plain(schema, _mapping(schema.get("definitions")) | _mapping(schema.get("$defs")), 0)
    return made if made["type"] == "object" else {"type": "object", "properties": {}}


def _plain(schema: Any, definitions: Schema, depth: int) -> Schema:
    if depth > _DEEPEST:
        return {"type": "string"}
    whole, definitions = _resolved(_mapping(schema), definitions)
    made: Schema = {"description": whole["description"]} if isinstance(whole.get("description"), str) else {}
    enum = [whole["const"]] if "const" in whole else whole.get("enum")
    if isinstance(enum, list) and (values := [one for one in enum if isinstance(one, str | int | float)]):
        made["enum"] = values
    made["type"] = _type(whole, made)
    deeper = depth + 1
    if made["type"] == "object":
        properties = _mapping(whole.get("properties"))
        made["properties"] = {name: _plain(one, definitions, deeper) for name, one in properties.items()}
        required = whole.get("required")
        if isinstance(required, list) and (named := [name for name in properties if name in required]):
            made["required"] = named
    elif made["type"] == "array":
        made["items"] = _plain(whole.get("items"), definitions, deeper)
    return made


def _type(whole: Schema, made: Schema) -> str:
    told = whole.get("type")
    for one in told if isinstance(told, list) else [told]:
        if isinstance(one, str) and one in _TYPES:
            return one
    if isinstance(whole.get("properties"), dict):
        return "object"
    if "items" in whole:
        return "array"
    return "string" if all(isinstance(one, str) for one in made.get("enum", ())) else "number"


def _resolved(schema: Schema, definitions: Schema) -> tuple[Schema, Schema]:
    """`schema` with its reference, its alternatives and its parts put in place, where its own words win; and the
    definitions that are not in use, so that none holds itself."""
    for _ in range(_DEEPEST):
        inner: Schema = {}
        if isinstance(schema.get("$ref"), str):
            name = schema["$ref"].rpartition("/")[2]
            inner = _mapping(definitions.get(name))
            definitions = {other: one for other, one in definitions.items() if other != name}
        elif alternatives := _list(schema.get("anyOf")) + _list(schema.get("oneOf")):
            inner = next((one for one in alternatives if one.get("type") != "null"), {})
        elif parts := _list(schema.get("allOf")):
            for part in parts:
                inner = inner | part
        else:
            break
        schema = inner | {word: one for word, one in schema.items() if word not in ("$ref", "anyOf", "oneOf", "allOf")}
    return schema, definitions


def _mapping(value: Any) -> Schema:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Schema]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
