"""All tools of an instance: the functions of its module, and the services on the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from msgspec.structs import replace

from actors import handoff
from actors.tools.arguments import Unfit, unpacked
from actors.tools.protocol import ToolResult
from actors.tools.python import PythonTool
from actors.tools.services import ServiceTools
from backends.protocol import Tool
from chat.references import Referring
from events.subjects import ChatKey

log = structlog.get_logger("recado.tools")

LONGEST_OUTPUT = 50_000
"""Characters of an output that the model is shown and the log keeps."""

LONGEST_REASON = 1_000
"""Characters of the reason with which a tool asks for a human."""


class Toolbox:
    """The tools of functions and services; if both have the same name, the function counts.

    - `functions`: by name.
    - `services`: the tools on the bus.
    - `patience`: seconds for one call.
    - `hands_off`: offer the tool with which a model asks for a human.
    """

    def __init__(
        self,
        functions: Mapping[str, PythonTool],
        services: ServiceTools,
        *,
        patience: float = 30.0,
        hands_off: bool = False,
    ) -> None:
        self._functions = functions
        self._services = services
        self._patience = patience
        self._own = (handoff.TOOL,) if hands_off else ()

    def offered(self) -> tuple[Tool, ...]:
        functions = [function.tool for function in self._functions.values()]
        services = [found.tool for name, found in self._services.found.items() if name not in self._functions]
        return (*self._own, *functions, *services)

    def is_safe(self, name: str) -> bool:
        if self._own and name == handoff.HANDOFF:
            return True
        tool = self._functions.get(name) or self._services.found.get(name)
        return tool is not None and tool.is_safe

    async def call(self, key: ChatKey, name: str, arguments: str, references: Sequence[Referring] = ()) -> ToolResult:
        function, service = self._functions.get(name), self._services.found.get(name)
        try:
            given, body = unpacked(arguments)
        except Unfit as unfit:
            return ToolResult(str(unfit), failed=True, unfit=True)
        if self._own and name == handoff.HANDOFF:
            return handoff.asked(given)
        try:
            async with asyncio.timeout(self._patience):
                if function is not None:
                    result = await function.call(key, body, references)
                elif service is not None:
                    result = await self._services.call(key, service, body, references)
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
