"""The tools of a profile: recado's own, the functions of its module, and services on the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

import structlog
from msgspec.structs import replace

from actors import handoff
from actors.tools.arguments import Unfit, unpacked
from actors.tools.built_in import BuiltIn
from actors.tools.library_parts import LibraryParts, NoStore
from actors.tools.look_up import LookUp
from actors.tools.protocol import ToolResult
from actors.tools.python import PythonTool
from actors.tools.services import ServiceTool, ServiceTools
from backends.protocol import Tool
from chat.built_in import LOOK_UP
from chat.references import Referring
from events.memory_library import MemoryLibrary
from events.subjects import ChatKey

log = structlog.get_logger("recado.tools")

ALL = "*"
"""Stands for each tool of a service that no profile names."""

LONGEST_OUTPUT = 50_000
"""Characters of an output that the model is shown and the log keeps."""

LONGEST_REASON = 1_000
"""Characters of the reason with which a tool asks for a human."""


class Toolbox:
    """recado's own tools, functions and services; if several have the same name, the first of these counts.

    - `functions`: by name.
    - `services`: the tools on the bus; those with these `named` names are offered, ALL: each that no profile names.
    - `patience`: seconds for one call.
    - `hands_off`: offer the tool with which a model asks for a human.
    - `look_up`: the documents; None: there are none.
    - `built_in`: recado's other tools; None: there are none.
    - `files`: what functions and services send of the library; None: no file.
    """

    def __init__(
        self,
        functions: Mapping[str, PythonTool],
        services: ServiceTools,
        *,
        patience: float = 30.0,
        hands_off: bool = False,
        named: Collection[str] = (ALL,),
        built_in: BuiltIn | None = None,
        look_up: LookUp | None = None,
        files: LibraryParts | None = None,
    ) -> None:
        self._functions = functions
        self._services = services
        self._named = frozenset(named)
        self._patience = patience
        self.look_up = look_up
        self._hands_off = hands_off
        self._own = (handoff.TOOL,) if hands_off else ()
        self.built_in = built_in
        self._files = files or LibraryParts(MemoryLibrary(), NoStore())
        self._own_names = (
            frozenset(tool.name for tool in self._own)
            | ({LOOK_UP} if look_up is not None else set())
            | (built_in.names if built_in else frozenset())
        )

    async def offered(self, account: str) -> tuple[Tool, ...]:
        built_in = await self.built_in.offered(account) if self.built_in is not None else ()
        look_up = await self.look_up.offered() if self.look_up is not None else ()
        functions = [one.tool for name, one in self._functions.items() if name not in self._own_names]
        taken = self._own_names | self._functions.keys()
        services = [one.tool for name, one in self._services.found.items() if name not in taken and self._has(name)]
        return (*self._own, *look_up, *built_in, *functions, *services)

    def is_safe(self, name: str) -> bool:
        if name in self._own_names:
            return True
        tool = self._functions.get(name) or self._service(name)
        return tool is not None and tool.is_safe

    def _has(self, service: str) -> bool:
        return service in self._named or (ALL in self._named and service not in self._services.claimed)

    def _service(self, name: str) -> ServiceTool | None:
        return self._services.found.get(name) if self._has(name) else None

    async def call(self, key: ChatKey, name: str, arguments: str, references: Sequence[Referring] = ()) -> ToolResult:
        function, service = self._functions.get(name), self._service(name)
        try:
            given, body = unpacked(arguments)
        except Unfit as unfit:
            return ToolResult(str(unfit), failed=True, unfit=True)
        if self._hands_off and name == handoff.HANDOFF:
            return handoff.asked(given)
        try:
            async with asyncio.timeout(self._patience):
                if self.look_up is not None and name == LOOK_UP:
                    result = await self.look_up.call(given)
                elif self.built_in is not None and name in self.built_in.names:
                    result = await self.built_in.call(key.account, name, given)
                elif function is not None:
                    returned = await function.call(key, body, references)
                    result = await self._files.resolved(key.account, returned)
                elif service is not None:
                    returned = await self._services.call(key, service, body, references)
                    result = await self._files.resolved(key.account, returned)
                else:
                    result = ToolResult(f"There is no tool {name}", failed=True)
        except TimeoutError:
            return ToolResult(f"{name} gave no answer within {self._patience:g} s", failed=True)
        except Exception as error:  # the turn goes on without a tool that breaks
            log.exception("tool_broke", tool=name)
            return ToolResult(f"{name} failed: {type(error).__name__}", failed=True)
        if result.handoff is not None:
            reason = str(result.handoff).encode(errors="replace").decode()
            result = replace(result, handoff=reason[:LONGEST_REASON])
        output = result.output.encode(errors="replace").decode()  # half a surrogate pair fits into no event
        result = replace(result, output=output) if output != result.output else result
        if len(result.output) > LONGEST_OUTPUT:
            result = replace(result, output=result.output[:LONGEST_OUTPUT] + " … (cut off)")
        return result
