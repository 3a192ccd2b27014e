"""Options that are numbers."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import click
import pytest

from recado.cli import SECTIONS
from recado.cli.options import Number


def of_command(command: click.Command) -> Iterator[click.Parameter]:
    yield from command.params
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from of_command(one)


def parameters() -> Iterator[click.Parameter]:
    for section in SECTIONS.values():
        for name, entry in section.items():
            yield from of_command(getattr(import_module(f"recado.cli.{entry.module}"), name.replace("-", "_")))


@pytest.mark.parametrize("value", ["nan", "-1", "x", "²"])
def test_a_number_in_no_range(value: str) -> None:
    with pytest.raises(click.BadParameter):
        Number(0).convert(value, None, None)


@pytest.mark.parametrize("value", ["9" * 20, "9" * 5000, "1e3", "²", "-1", "nan"])
def test_whole_numbers_fit_in_64_bits(value: str) -> None:
    """In every argument of every command."""
    types = [one.type for one in parameters() if isinstance(one.type, click.IntRange)]
    assert len(types) > 3
    for one in types:
        with pytest.raises(click.BadParameter):
            one.convert(value, None, None)


def test_no_other_type_takes_nan() -> None:
    types = [one.type for one in parameters()]
    assert any(isinstance(one, Number) for one in types)
    assert not [one for one in types if isinstance(one, click.FloatRange) and not isinstance(one, Number)]
    assert not [one for one in types if one in (click.INT, click.FLOAT)]
