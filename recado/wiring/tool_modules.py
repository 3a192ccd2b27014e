"""Imports the modules of tools that profiles name, each once and in a thread of its own.

An import that never returns holds up neither the following of profiles nor any other profile.
"""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread

from actors.tools.python import PythonTool, ToolsUnusable, load

IMPORTED_WITHIN = 2.0
"""Seconds for which an import is waited for where it begins; an instance sees a change of profiles within so many."""


class StillImported(ToolsUnusable):
    """The import of the module has not returned yet."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"the import of {module} has not returned: a module of tools must not wait for anything when it is imported"
        )


class ToolModules:
    """The tools of modules."""

    def __init__(self) -> None:
        self._imports: dict[str, Future[dict[str, PythonTool]]] = {}

    def tools(self, module: str | None) -> dict[str, PythonTool]:
        """The tools of a module; none without one. The import that begins here is waited for, but not for long; the
        next call waits no more. Raises ToolsUnusable, which a module may raise that is imported once more."""
        if not module:
            return {}
        begun, within = self._imports.get(module), 0.0
        if begun is None or (begun.done() and begun.exception() is not None):
            begun, within = Future(), IMPORTED_WITHIN
            self._imports[module] = begun
            # No worker of a pool, which would wait for it at the end of the process.
            Thread(target=_import, args=(module, begun), name=f"import {module}", daemon=True).start()
        try:
            return begun.result(within)
        except TimeoutError:
            raise StillImported(module) from None


def _import(module: str, found: Future[dict[str, PythonTool]]) -> None:
    try:
        found.set_result(load(module))
    except BaseException as fault:  # noqa: BLE001 - the waiting caller raises it
        found.set_exception(fault)
