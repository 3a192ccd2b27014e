"""Running `recado` as a person does: a process of its own, with an environment of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sysconfig
from pathlib import Path
from typing import Any, NamedTuple

RECADO = Path(sysconfig.get_path("scripts")) / "recado"


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class Command:
    """`recado` in the folder `home`, with these variables and none of the machine's."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.variables = variables

    async def __call__(self, *args: str, **variables: str) -> Done:
        process = await self.start(*args, **variables)
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    async def start(self, *args: str, **variables: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), **self.variables, **variables}
        return await asyncio.create_subprocess_exec(
            RECADO, *args, cwd=self.home, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
