"""Generates pages of docs/ from the code: `python -m recado.reference` in a checkout.

docs/configuration.md comes from the topics in recado/settings, docs/events.md and docs/asyncapi.json from the event
structs, the tables of docs/glossary.md from the event structs and the reasons of a story.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from events import codec
from events.account_update import AccountUpdate
from events.decisions import DECISIONS, Decision
from events.inbound import INBOUND, Inbound
from events.parts import FILE_PLACES, FILES, KINDS, LARGEST_PARTS, MOST_PARTS
from recado.reference import asyncapi
from recado.reference.glossary import with_tables
from recado.reference.sample_events import BESIDE_SAMPLES, DECISION_SAMPLES, INBOUND_SAMPLES
from recado.settings.settings import VARIABLES
from recado.settings.variables import Variable

_PARAMETER = re.compile(r"\{(\w+)\}")
_SHORT = {"inboundType": "type", "decisionType": "type"}

DOCS = Path(__file__).parent.parent.parent / "docs"

_CONFIGURATION = """\
# Configuration

recado reads its settings from the environment and from the file `.env` in the folder where it is started; where both
set one, the environment counts. `.env` has a `NAME=value` on each line; text with spaces or `#` in it goes into quotes.
Nothing is expanded in a value. An empty value counts as unset, unless the setting says otherwise below.

recado checks every value when it starts. If some are wrong, it names all of them, says what to do, and does not start.
It logs a warning for an unknown name that begins with `RECADO_`. `recado doctor` checks settings, bus and model
together.

A setting that has a name "in a profile" can have another value for some accounts, chats or groups: see
[Profiles](profiles.md).

*This page is written by `python -m recado.reference` from the topics in recado/settings.*
"""

_EVENTS = """\
# Events

Everything that happens is an event in one log, the JetStream stream `EVENTS`. Inbound events (side `i`) go to
`wa.<type>.<account>.<chat>`, which the server maps into the log. Only the chat's actor writes its decisions (side `o`).
The subject names the account, the chat and the type; the body is JSON.

- `<account>` and `<chat>` are one token each: every byte outside `A-Z a-z 0-9 _ -` is written `=XX`
  (`5511999999999@s.whatsapp.net` is `5511999999999=40s=2Ewhatsapp=2Enet`).
- Times are RFC 3339 with a time zone. Unknown fields are ignored. A field with a default may be left out.
- Header `Nats-Msg-Id`: the server stores an id once within ten minutes. recado's own gateways set
  `<kind>:<account>:<chat>:<id>`; others may leave it out.
- Header `Recado-Version`: the version of the body, today {version}; without the header, the first.

A program without any code of recado can ask and listen: [On the bus](bus.md#where-the-bus-is) has one that runs.

For programs: [asyncapi.json](asyncapi.json) (AsyncAPI 3).

*This page is written by `python -m recado.reference` from events/inbound.py and events/decisions.py.*
"""


def configuration() -> str:
    """docs/configuration.md."""
    return "\n".join([_CONFIGURATION, *_settings()])


def events() -> str:
    """docs/events.md."""
    parts = [_EVENTS.format(version=codec.VERSION), "## Subjects\n", *_subjects()]
    parts += ["\n## Inbound events (side `i`)\n", *_events(INBOUND, INBOUND_SAMPLES)]
    parts += ["## Decisions of a chat (side `o`)\n", *_events(DECISIONS, DECISION_SAMPLES)]
    parts += ["## News of accounts\n", *_events(asyncapi.BESIDE, BESIDE_SAMPLES)]
    parts += ["## Parts of events\n", *_parts()]
    parts += ["\n## Kinds of parts of a reply\n", *_kinds()]
    return "\n".join(parts).rstrip() + "\n"


def _kinds() -> Iterator[str]:
    yield f"A reply has at most {MOST_PARTS} parts and {LARGEST_PARTS // 1024} KB of them.\n"
    yield "| kind | needs | may have |"
    yield "|---|---|---|"
    for name, kind in KINDS.items():
        needs = ["`object` or `url`"] if name in FILES else [f"`{field}`" for field in sorted(kind.needs)]
        may = [f"`{field}`" for field in sorted(kind.may - (FILE_PLACES if name in FILES else frozenset()))]
        yield f"| `{name}` | {', '.join(needs)} | {', '.join(may)} |"


def asyncapi_json() -> str:
    """docs/asyncapi.json."""
    return json.dumps(asyncapi.document(), indent=2, ensure_ascii=False) + "\n"


def glossary() -> str:
    """docs/glossary.md, its tables brought up to date."""
    return with_tables((DOCS / "glossary.md").read_text(encoding="utf-8"))


PAGES = {
    "configuration.md": configuration,
    "events.md": events,
    "asyncapi.json": asyncapi_json,
    "glossary.md": glossary,
}
"""The generated pages of docs/, and the functions that make them."""


def _settings() -> Iterator[str]:
    for field, variable in VARIABLES.items():
        yield f"## {variable.name}\n\n{variable.meaning}\n"
        yield f"- Takes: {variable.reader.takes}"
        yield f"- Default: {_default(variable.default)}"
        quoted = f'"{variable.example}"' if " " in variable.example else variable.example
        yield f"- In a profile: {_in_profile(field, variable)}"
        yield f"- Example: `{variable.name}={quoted}`\n"


def _in_profile(field: str, variable: Variable) -> str:
    if variable.named:
        return f"`{field}_name`, the name of another variable that holds the key"
    return f"`{field}`" if variable.profile else "no"


def _default(value: Any) -> str:
    if value is None or value == "":
        return "unset"
    if isinstance(value, timedelta):
        is_short = timedelta(0) < value < timedelta(minutes=1)
        return f"`{value.total_seconds():g}s`" if is_short else f"`{value / timedelta(hours=1):g}h`"
    if isinstance(value, frozenset):
        return f"`{', '.join(sorted(value))}`"
    if isinstance(value, Path):
        return f"`./{value}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _subjects() -> Iterator[str]:
    yield "| subject | written by | carries |"
    yield "|---|---|---|"
    for channel in asyncapi.CHANNELS:
        address = _PARAMETER.sub(lambda match: f"<{_SHORT.get(match[1], match[1])}>", channel.address)
        yield f"| `{address}` | {channel.writer} | {channel.meaning} |"


def _events(structs: Mapping[str, type], samples: Mapping[str, Inbound | Decision | AccountUpdate]) -> Iterator[str]:
    for type_, struct in structs.items():
        yield f"### {type_}\n\n{inspect.getdoc(struct)}\n"
        yield from _fields(struct.__name__)
        body = json.loads(msgspec.json.encode(samples[type_]))
        yield f"\n```json\n{json.dumps(body, ensure_ascii=False)}\n```\n"


def _parts() -> Iterator[str]:
    whole = {struct.__name__ for struct in (INBOUND | DECISIONS | asyncapi.BESIDE).values()}
    for name, schema in asyncapi.schemas().items():
        if name not in whole:
            yield f"### {name}\n\n{schema['description']}\n"
            yield from _fields(name)
            yield ""


def _fields(struct: str) -> Iterator[str]:
    schema = asyncapi.schemas()[struct]
    yield "| field | type | default |"
    yield "|---|---|---|"
    for field, shape in schema["properties"].items():
        default = f"`{json.dumps(shape['default'])}`" if "default" in shape else "absent"
        if field in schema.get("required", []):
            default = "required"
        yield f"| `{field}` | {_type(shape)} | {default} |"


def _type(shape: dict[str, Any]) -> str:
    if "$ref" in shape:
        name = shape["$ref"].removeprefix(asyncapi.SCHEMAS)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in shape:
        return " or ".join(_type(one) for one in shape["anyOf"])
    if "enum" in shape:
        return ", ".join(f"`{word}`" for word in shape["enum"])
    if "type" not in shape:
        return "any JSON"
    if shape["type"] == "array":
        return f"list of {_type(shape['items'])}"
    return "time" if shape.get("format") == "date-time" else str(shape["type"])
