"""Every benchmark runs, in a size whose figures say nothing, and its page can be made from what it says."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path

import msgspec
import pytest

from benchmarks.report import page
from benchmarks.suite import NAMES, Document, Machine


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow("a benchmark measures processes that it starts as a person does")
async def test_a_benchmark_runs(name: str, tmp_path: Path) -> None:
    """It ends, with figures, and nothing of it is lost on the way through JSON to the page."""
    benchmark = importlib.import_module(f"benchmarks.{name}")
    steps: list[str] = []
    async with asyncio.timeout(160):
        outcome = await benchmark.run(benchmark.TINY, tmp_path, steps.append)
    assert steps
    assert outcome.figures
    assert all(figure.low <= figure.median <= figure.high for figure in outcome.figures.values())
    document = Document("2026-01-01T12:00:00+00:00", 1.0, Machine(2, "Linux", "3.11", "3.50", 0.1), {name: outcome})
    assert msgspec.json.decode(msgspec.json.encode(document), type=Document) == document
    written = page(document)
    assert all(what in written for what in outcome.figures)
    assert all(target.what in written for target in outcome.targets)
