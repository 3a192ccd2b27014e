"""Reads recado's variables from the environment and `.env`."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from recado.settings.variables import nearest


class SettingsInvalid(Exception):
    """Settings that recado cannot start with; each sentence of `problems` says what to do."""

    def __init__(self, problems: list[str]) -> None:
        told = problems if len(problems) == 1 else ["several settings are wrong:", *(f"- {one}" for one in problems)]
        super().__init__("\n".join(told))
        self.problems = problems


def variables_of(environ: Mapping[str, str], dotenv: Path) -> dict[str, str]:
    """The variables of `environ` and of the file `dotenv`; `environ` counts first. Raises SettingsInvalid if the file
    cannot be read."""
    try:
        content = dotenv.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return dict(environ)
    except UnicodeDecodeError as error:
        raise SettingsInvalid([f"{dotenv} is not UTF-8 text ({error.reason} at byte {error.start})"]) from error
    except OSError as error:
        raise SettingsInvalid([f"{dotenv} cannot be read: {error.strerror}"]) from error
    lines = list(parse_stream(io.StringIO(content)))
    wrong = [line.original.line for line in lines if line.error]
    if wrong:
        raise SettingsInvalid([f"{dotenv}, line {number}, is no NAME=value: quote it or remove it" for number in wrong])
    return {line.key: line.value for line in lines if line.key and line.value is not None} | dict(environ)


def unknown_names(given: Mapping[str, str], known: Collection[str]) -> list[str]:
    """A sentence on each `RECADO_` variable that is not `known`, with the name that was probably meant."""
    strange = sorted(variable for variable in given if variable.startswith("RECADO_") and variable not in known)
    meant = {variable: nearest(variable, known) for variable in strange}
    return [
        f"{variable} is no setting of recado and has no effect"
        + (f"; did you mean {meant[variable]}?" if meant[variable] else "")
        for variable in strange
    ]
