"""Checks the limits that the system gives to the process that opens a stranger's document."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE

from backends.content.confinement import MEMORY, environment
from backends.content.extraction import SECONDS
from recado.doctor.finding import Finding, in_units

WITHIN = 10.0
"""Seconds for such a process to start and end."""

_WHAT = "documents"


async def document_finding() -> Finding:
    """Start such a process without a document, and report the rights that the system did not let it give up."""
    command = (sys.executable, "-P", "-m", "backends.content.confinement")
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL, env=environment(os.environ))
    try:
        async with asyncio.timeout(WITHIN):
            out, _ = await process.communicate()
    except TimeoutError:
        return Finding(_WHAT, "warning", f"their reader does not start within {WITHIN:g} s", "look at the load here")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        return Finding(_WHAT, "failure", f"their reader ends with {process.returncode}", "install recado again")
    return _of(out.decode().split())


def _of(missing: list[str]) -> Finding:
    limits = f"{SECONDS} s of CPU and {in_units(MEMORY)}"
    if not missing:
        return Finding(_WHAT, "ok", f"each is opened apart, without a network, in {limits}")
    says = f"they are opened apart, but the system does not take from their reader: {', '.join(missing)}"
    do = "see Voice, pictures, documents: what the reader of a document gives up"
    if missing == ["network"]:
        do = "let recado's user make user and network namespaces (systemd: RestrictNamespaces=user net)"
    return Finding(_WHAT, "warning", says, do)
