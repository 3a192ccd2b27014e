"""`recado doctor`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from recado.cli.options import json_option
from recado.cli.session import run
from recado.doctor.doctor import examine
from recado.doctor.finding import Finding
from recado.printing import json_text, print_finding


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check settings, data folder, bus, log, projection and model, and say what to do. The exit status is 1 if
    something fails.
    """
    findings = run(_examine(quiet=as_json))
    if as_json:
        click.echo(json_text(findings))
    sys.exit(any(finding.state == "failure" for finding in findings))


async def _examine(*, quiet: bool) -> list[Finding]:
    findings = []
    async for finding in examine(os.environ, Path(".env")):
        findings.append(finding)
        if not quiet:
            print_finding(finding)
    return findings
