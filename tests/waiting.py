"""Waiting for a condition instead of sleeping for a time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Result = TypeVar("_Result")


async def until(condition: Callable[[], _Result | Awaitable[_Result]], within: float = 60.0) -> _Result:
    """What `condition` (a function or a coroutine function) gives, once that is true; AssertionError after `within`."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return result
        assert asyncio.get_running_loop().time() < deadline, f"not within {within:g} s: {inspect.getsource(condition)}"
        await asyncio.sleep(0.005)
