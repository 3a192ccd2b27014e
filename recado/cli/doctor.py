"""`recado doctor`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from recado import logs
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.doctor.doctor import examine
from recado.doctor.finding import Finding
from recado.printing import json_text, print_finding, print_table
from recado.wiring.local_model import LocalModelFailed


@click.command()
@click.option("--model", "tries_model", is_flag=True, help="Ask the model itself, and judge its answers. Costs tokens.")
@json_option
def doctor(tries_model: bool, as_json: bool) -> None:
    """Check settings, data folder, bus, log, projection and model, and say what to do. With --model ask the model
    itself a dozen questions, in under a minute, and judge its answers. The exit status is 1 if something fails.
    """
    if tries_model:
        sys.exit(_try_model(as_json=as_json))
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


_STATES = {"works": "✓", "fails": "✗", "not_tried": "–"}


def _try_model(*, as_json: bool) -> bool:
    """Whether something fails that the configured mode needs."""
    from recado.doctor.trial import trial  # noqa: PLC0415 - it loads the client of every mode

    chosen = settings()
    if not chosen.mode.has_provider:
        click.echo(json_text(trial.NOTHING) if as_json else "scripted replies need no model")
        return False
    cost = trial.estimate(chosen)
    if not as_json:
        click.echo(f"Asking the model in mode {chosen.openai_api_mode}: about {cost:,} tokens, a minute at most.\n")
    try:
        report = run(trial.tried(chosen))
    except LocalModelFailed as failed:
        raise click.ClickException(str(failed)) from failed
    if as_json:
        click.echo(json_text(report))
        return not report.is_well
    rows = [
        (_STATES[one.state], f"{one.what}{' (needed)' if one.needed else ''}", logs.redacted(one.says))
        for one in report.tried
    ]
    print_table(("", f"{report.model} at {report.server}", ""), rows)
    for name, says in report.quirks.items():
        click.echo(f"! it {says} ({name}): recado asks without, and remembers it while it runs")
    click.echo(
        f"\n{report.input_tokens + report.output_tokens:,} tokens were used: {report.input_tokens:,} in, "
        f"{report.output_tokens:,} out."
    )
    return not report.is_well
