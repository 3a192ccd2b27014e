"""Tools that are NATS micro services, in any language, wherever they run on the bus.

An endpoint is a tool if its subject begins with `tools.` and its metadata has `recado.tool`: JSON with `name`,
`description`, `parameters` (the JSON schema of the arguments, an object) and, if calls may be repeated, `"safe": true`.
The subject is restricted because a service chooses it, and the instance, which may publish orders and decisions,
publishes there. Services are found with `$SRV.INFO`
(https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from actors import metrics
from actors.handoff import HANDOFF
from actors.tools.arguments import DEEPEST, is_deep
from actors.tools.protocol import ToolResult
from actors.tools.results import Result, Sent
from backends.protocol import Tool
from chat.references import Referring
from events.subjects import ChatKey, header_value

log = structlog.get_logger("recado.tools")

LONGEST_REASON = 300
"""Characters of the logged reason for which a tool cannot be used."""

METADATA = "recado.tool"
SUBJECT = re.compile(r"tools(\.[A-Za-z0-9_=-]+)+")
"""Subjects on which recado calls services."""

BUILT_IN = frozenset({HANDOFF})
"""Names that no service may give its tool."""

MOST_TOOLS = 128
"""Tools of services; OpenAI takes as many in one request."""

MOST_ANSWERS = 1_000
"""Answers that are taken at one look."""

LONGEST_DESCRIBED = 32_768
"""Characters of a service's description of one tool."""

HUMAN_WANTED = "Recado-Handoff"
"""The header of an answer with which a service asks for a human to go on with the chat; its value says why."""

REFERS_TO = "Recado-Refers-To"
"""The header with a JSON array of chat.references.Referring, blanks and `%` as `%XX`; absent: there is nothing."""

LARGEST_HEADER = 32 * 1024
"""Bytes of that header; more is left out, and logged."""

WITH_PARTS = "Recado-Result"
"""The header of an answer whose body is a Sent, in JSON."""

BAD_ARGUMENTS = "400"
"""The `Nats-Service-Error-Code` with which a service says that the arguments are at fault."""

LOOK_EVERY = 5.0
"""Seconds between two looks for services."""

ANSWERS_WITHIN = 0.3
"""Seconds in which services answer `$SRV.INFO`; a slower one has another chance at the next look, and keeps its tools
until then."""


class _Described(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    description: str = ""
    parameters: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "object", "properties": {}})
    safe: bool = False


class _Endpoint(msgspec.Struct):
    subject: str
    metadata: dict[str, str] | None = None


class _Info(msgspec.Struct):
    name: str
    endpoints: list[_Endpoint] = []


class ServiceTool(msgspec.Struct, frozen=True):
    """A tool of a service.

    - `tool`: its description for the model.
    - `subject`: the subject on which it answers.
    - `is_safe`: whether a call may be repeated.
    """

    tool: Tool
    subject: str
    is_safe: bool


class ServiceTools:
    """The tools on the bus, as of the last look."""

    def __init__(self, bus: Client, *, patience: float = 30.0) -> None:
        self._bus = bus
        self._patience = patience
        self.found: dict[str, ServiceTool] = {}
        self.claimed: frozenset[str] = frozenset()
        """Names of tools that a profile on the bus names: only the profiles that name one have it."""
        self._missed: frozenset[str] = frozenset()
        self._unusable: set[str] = set()
        self.looked = asyncio.Event()
        """Set after the first look: before that, a turn would be answered without the services' tools."""

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Ask for all services. Tools that are badly described are passed over with a log line; one that was there is
        gone after two looks without it, since an answer may be late."""
        found: dict[str, ServiceTool] = {}
        unusable: set[str] = set()
        try:
            for answer in await self._ask_all("$SRV.INFO"):
                for tool in _tools_in(answer, unusable):
                    other = found.setdefault(tool.tool.name, tool)
                    if other.subject != tool.subject:
                        first, second = sorted((other, tool), key=lambda one: one.subject)
                        found[tool.tool.name] = first
                        unusable.add(
                            f"two services offer {tool.tool.name}: {first.subject} counts, not {second.subject}"
                        )
            missed = {name: tool for name, tool in self.found.items() if name not in found}
            found |= {name: tool for name, tool in missed.items() if name not in self._missed}
            self._missed = frozenset(missed)
            for name in sorted(found)[MOST_TOOLS:]:
                del found[name]
                unusable.add(f"there are more than {MOST_TOOLS} tools on the bus: some are not offered")
        except nats.errors.Error as error:
            log.warning("services_unanswered", reason=str(error))
            return
        finally:
            self.looked.set()
        for reason in sorted(unusable - self._unusable):  # once, not every five seconds
            metrics.tools_refused.inc()
            log.warning("tool_unusable", reason=reason[:LONGEST_REASON])
        self._unusable = unusable
        if found.keys() != self.found.keys():
            log.info("service_tools", names=sorted(found))
        self.found = found

    async def call(
        self, key: ChatKey, tool: ServiceTool, arguments: bytes, references: Sequence[Referring] = ()
    ) -> ToolResult:
        """Ask the service; the chat is in the headers `Recado-Account` and `Recado-Chat`, what the turn's messages
        refer to in `Recado-Refers-To`."""
        headers = {"Recado-Account": header_value(key.account), "Recado-Chat": header_value(key.chat)}
        if references:
            written = header_value(msgspec.json.encode(references).decode())
            if len(written.encode()) <= LARGEST_HEADER:
                headers[REFERS_TO] = written
            else:
                log.warning("references_left_out", tool=tool.tool.name, bytes=len(written), most=LARGEST_HEADER)
        try:
            answer = await self._bus.request(tool.subject, arguments, timeout=self._patience, headers=headers)
        except nats.errors.NoRespondersError:
            return ToolResult(f"{tool.tool.name} is not there at the moment", failed=True)
        except nats.errors.TimeoutError:
            return ToolResult(f"{tool.tool.name} gave no answer within {self._patience:g} s", failed=True)
        except nats.errors.Error as error:
            return ToolResult(f"{tool.tool.name} could not be asked: {error}", failed=True)
        fault = (answer.headers or {}).get("Nats-Service-Error")
        if (wanted := (answer.headers or {}).get(HUMAN_WANTED)) is not None:
            return ToolResult("A human was asked.", handoff=wanted)
        is_unfit = (answer.headers or {}).get("Nats-Service-Error-Code") == BAD_ARGUMENTS
        if fault is None and (answer.headers or {}).get(WITH_PARTS) is not None:
            return _with_parts(tool.tool.name, answer.data)
        output = fault or answer.data.decode(errors="replace")
        return ToolResult(output, failed=fault is not None, unfit=fault is not None and is_unfit)

    async def _ask_all(self, subject: str) -> list[bytes]:
        inbox = self._bus.new_inbox()
        answers: list[bytes] = []

        async def collect(message: Msg) -> None:
            if message.data and len(answers) < MOST_ANSWERS:  # without data: the server says that there is no service
                answers.append(message.data)

        subscription = await self._bus.subscribe(inbox, cb=collect)
        try:
            await self._bus.publish(subject, b"", reply=inbox)
            await asyncio.sleep(ANSWERS_WITHIN)
        finally:
            await subscription.unsubscribe()
        return answers


def _with_parts(name: str, body: bytes) -> ToolResult:
    try:
        sent = msgspec.json.decode(body, type=Sent)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        log.warning("tool_result_unreadable", tool=name, reason=str(error)[:LONGEST_REASON])
        return ToolResult(f"{name} gave parts that cannot be read: {error}", failed=True)
    return ToolResult(Result(sent.output, sent.send, sent.quote).told, send=sent.send, quote=sent.quote)


def _tools_in(answer: bytes, unusable: set[str]) -> list[ServiceTool]:
    """The tools of a service; reasons for which others cannot be used are added to `unusable`."""
    try:
        info = msgspec.json.decode(answer, type=_Info)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        unusable.add(f"a service describes itself in a way that cannot be read: {error}")
        return []
    tools = []
    for endpoint in info.endpoints:
        described = (endpoint.metadata or {}).get(METADATA)
        if described is None:
            continue
        try:
            tools.append(_tool(endpoint.subject, described))
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
            unusable.add(f"{METADATA} of service {info.name}, subject {endpoint.subject}: {error}")
    return tools


def _tool(subject: str, described: str) -> ServiceTool:
    """The tool that an endpoint describes. Raises an error that names the fault of the description."""
    if SUBJECT.fullmatch(subject) is None:
        raise ValueError(
            "give the endpoint a subject that begins with tools. and has no wildcard, such as tools.prices"
        )
    if len(described) > LONGEST_DESCRIBED:
        raise ValueError(f"it is longer than {LONGEST_DESCRIBED:,} characters")
    told = msgspec.json.decode(described, type=_Described)
    if told.name in BUILT_IN:
        raise ValueError(f"{told.name} is a tool of recado's own: give yours another name")
    if is_deep(told.parameters):
        raise ValueError(f"its parameters are nested deeper than {DEEPEST} levels")
    msgspec.json.encode((told.description, told.parameters))  # raises if no request could carry them
    tool = Tool(name=told.name, description=told.description, parameters=told.parameters)
    return ServiceTool(tool, subject, told.safe)
