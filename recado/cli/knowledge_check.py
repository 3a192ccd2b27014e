"""`recado knowledge check`: whether questions find the passages that answer them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from recado.cli.knowledge_open import Name, searched
from recado.cli.options import json_option
from recado.cli.session import run, settings
from recado.knowledge.checks import Check, Checked, checks_in, judged
from recado.knowledge.sources import SourceRefused
from recado.printing import json_text, print_table


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--collection", "collections", type=Name(), multiple=True, help="Where to look  [default: RECADO_KNOWLEDGE]"
)
@click.option("--most", type=click.IntRange(1, 50), default=3, show_default=True, help="Pieces to look at.")
@json_option
def check(file: Path, *, collections: tuple[str, ...], most: int, as_json: bool) -> None:
    """Search for each question of the CSV FILE, and see whether a piece has what it must.

    Its columns are question, and must contain (words) or must cite (a document) or both. No model is asked. Exits 1 if
    a question does not find what it must.
    """
    try:
        checks = checks_in(file.read_bytes())
    except (SourceRefused, OSError) as fault:
        raise click.ClickException(f"{file.name}: {fault}") from fault
    where = collections or settings().knowledge
    if not where:
        raise click.UsageError("say where to look: --collection NAME, or RECADO_KNOWLEDGE in .env")
    outcomes = run(_checked(checks, where, most))
    failed = sum(not one.passed for one in outcomes)
    if as_json:
        click.echo(json_text(outcomes))
    else:
        rows = [
            ("ok" if one.passed else "FAILED", one.check.question, _must(one.check), _found(one)) for one in outcomes
        ]
        print_table(("", "TEXT", "WHY", "FOUND"), rows)
        click.echo(f"{len(outcomes) - failed} of {len(outcomes)} found")
    if failed:
        sys.exit(1)


async def _checked(checks: tuple[Check, ...], collections: tuple[str, ...], most: int) -> list[Checked]:
    async with searched(*collections) as there:
        return [judged(one, await there.search(one.question, most)) for one in checks]


def _must(check: Check) -> str:
    return ", ".join(part for part in (check.contain and f"“{check.contain}”", check.cite) if part)


def _found(checked: Checked) -> str:
    return ", ".join(checked.found) or "nothing"
