"""Running `recado` as a person does: a process of its own, with an environment of its own."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests import forked
from tests.forked import RECADO
from tests.waiting import until


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
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = forked.start(args, env=self._env(variables), cwd=self.home, stdout=out, stderr=err)
            try:
                await until(lambda: process.poll() is not None, 60)
            finally:
                process.kill()
                process.wait()  # also where the test was cancelled: a line that stays open fails another test
            for file in (out, err):
                file.seek(0)
            return Done(process.wait(), out.read().decode(), err.read().decode())

    async def start(self, *args: str, **variables: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            RECADO,
            *args,
            cwd=self.home,
            env=self._env(variables),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
        )

    def _env(self, variables: dict[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE") if name in os.environ}
        return {**kept, "HOME": str(self.home), **self.variables, **variables}
