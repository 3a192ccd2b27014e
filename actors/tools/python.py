"""Tools that are functions of a Python module: schema from the signature, description from the docstring."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from actors.handoff import HumanWanted
from actors.tools.protocol import ToolResult
from actors.tools.results import FromBytes, FromLibrary, Result, Sendable, stored
from backends.protocol import Tool
from chat.references import Referring
from events.parts import Part
from events.subjects import ChatKey

CHAT = "chat"
"""A parameter of this name is given the chat's JID; the model does not see it."""

REFERS_TO = "refers_to"
"""The same for what the turn's messages refer to: a list of chat.references.Referring as dicts."""


MOST_THREADS = 32
"""Calls of one function under way at once, including calls whose turn has given up on them."""


class ToolsUnusable(Exception):
    """A module cannot be used as tools; the message says why and how to mend it."""


class PythonTool:
    """One function: an async one, or a sync one, which is called on a thread of its own.

    With `function.safe_to_repeat = True` a call is made again if a crash leaves unknown whether it was made.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._wants_chat = self._wants_references = False
        self._threads = 0
        self.is_safe = bool(getattr(function, "safe_to_repeat", False))
        fields: list[Any] = []
        hints = get_type_hints(function, include_extras=True)
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
                raise ToolsUnusable(
                    f"{function.__name__}() has the parameter {name}, which no model can name: make it a named one"
                )
            if name == CHAT:
                self._wants_chat = True
            elif name == REFERS_TO:
                self._wants_references = True
            elif name not in hints:
                raise ToolsUnusable(
                    f"{function.__name__}() does not say which type its parameter {name} has: annotate it"
                )
            elif parameter.default is parameter.empty:
                fields.append((name, hints[name]))
            else:
                fields.append((name, hints[name], parameter.default))
        self._arguments = msgspec.defstruct(f"{function.__name__}_arguments", fields, kw_only=True)
        self.tool = Tool(
            name=function.__name__,
            description=inspect.getdoc(function) or "",
            parameters=_schema(function.__name__, self._arguments),
        )

    async def call(self, key: ChatKey, arguments: bytes, references: Sequence[Referring] = ()) -> ToolResult:
        """The function's result: a str as it is, a Result or a part with what people get, anything else as JSON.
        An exception becomes a failed result."""
        if self._threads >= MOST_THREADS:
            return ToolResult(f"{self.tool.name} hangs: {self._threads} calls of it have not come back", failed=True)
        try:
            given = msgspec.structs.asdict(msgspec.json.decode(arguments or b"{}", type=self._arguments))
        except msgspec.DecodeError as error:
            return ToolResult(f"The arguments do not fit: {error}", failed=True, unfit=True)
        except Exception as error:  # noqa: BLE001 - an annotated type may check its values with code of its own
            return ToolResult(f"The arguments do not fit: {_told(error)}", failed=True, unfit=True)
        if self._wants_chat:
            given[CHAT] = key.chat
        if self._wants_references:
            given[REFERS_TO] = msgspec.to_builtins(list(references))
        try:
            if inspect.iscoroutinefunction(self._function):
                result = await self._function(**given)
            else:
                result = await self._on_a_thread(given)
            return _result(result)
        except HumanWanted as wanted:
            return ToolResult("A human was asked.", handoff=wanted.reason)
        except BaseException as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # recado itself cancels the call
            # The model is told of every exception of a shop's code, SystemExit too.
            return ToolResult(_told(error), failed=True)

    async def _on_a_thread(self, given: dict[str, Any]) -> Any:
        """Call the function on a daemon thread. Unlike a pool's thread, one that hangs takes no other call's place, and
        does not keep recado from stopping."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Any] = loop.create_future()

        def settle(result: Any, error: Exception | None) -> None:
            self._threads -= 1
            if outcome.cancelled():
                return
            if error is not None:
                outcome.set_exception(error)
            else:
                outcome.set_result(result)

        def work() -> None:
            result: Any = None
            failure: Exception | None = None
            try:
                result = self._function(**given)
            except StopIteration as error:  # no future takes this one
                failure = RuntimeError(f"StopIteration: {error}")
            except Exception as error:  # noqa: BLE001 - told to the model by `call`
                failure = error
            except BaseException as error:  # noqa: BLE001 - SystemExit and its like end tasks and loops if they are raised there
                failure = RuntimeError(_told(error))
            with suppress(RuntimeError):  # the loop is closed: recado has stopped meanwhile
                loop.call_soon_threadsafe(settle, result, failure)

        threading.Thread(target=work, name=f"tool-{self.tool.name}", daemon=True).start()
        self._threads += 1
        return await outcome


def load(module_name: str) -> dict[str, PythonTool]:
    """The tools of a module: the functions in its `__all__`, or every public function that is defined in it.

    Raises ToolsUnusable.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # a console script does not search the folder in which it is called
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # a module that ends Python would end an instance that follows profiles
        raise ToolsUnusable(f"the module {module_name} cannot be imported: {_told(error)}") from error
    names = getattr(module, "__all__", None) or [
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
    tools = {name: PythonTool(getattr(module, name)) for name in names}
    if not tools:
        raise ToolsUnusable(f"the module {module_name} has no public function")
    return tools


def _result(returned: Any) -> ToolResult:
    if isinstance(returned, Part | FromLibrary | FromBytes):
        returned = Result(send=(returned,))
    if isinstance(returned, Result):
        if any(isinstance(one, FromLibrary | FromBytes) for one in returned.send):
            wanted = _stored_each(returned.send)
            return ToolResult(str(returned.output), wanted=wanted, quote=bool(returned.quote))
        send = stored(returned.send)
        quote = bool(returned.quote)
        return ToolResult(str(Result(returned.output, send, quote).told), send=send, quote=quote)
    return ToolResult(returned if isinstance(returned, str) else msgspec.json.encode(returned).decode())


def _stored_each(send: Sequence[Sendable]) -> tuple[Sendable, ...]:
    return tuple(one if isinstance(one, FromLibrary | FromBytes) else stored([one])[0] for one in send)


def _told(error: BaseException) -> str:
    """An error's name and message; the name alone if reading the message fails."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - its __str__ is the shop's code too
        return type(error).__name__


def _schema(name: str, arguments: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of the arguments as models take it: one object with its definitions inside."""
    try:
        (schema,), definitions = msgspec.json.schema_components([arguments])
    except TypeError as error:
        raise ToolsUnusable(f"{name}() has a parameter whose type cannot be described: {error}") from error
    own = definitions.pop(str(schema["$ref"]).rpartition("/")[2])
    own.pop("title", None)
    return {**own, **({"$defs": definitions} if definitions else {})}
