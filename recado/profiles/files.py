"""Profiles in TOML files: their content, and every problem with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import msgspec

from events.profile import DEEPEST, DEFAULT, LARGEST, NAME, Profile, ProfileUnreadable, encoded
from recado.profiles.entries import KINDS, entries_of
from recado.profiles.keys import KEY_NAMES
from recado.profiles.overlay import FIELDS
from recado.settings.settings import VARIABLES
from recado.settings.variables import nearest

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TRIES = 50
"""Lines that may be the one of a field, in a text that holds the field's name often."""

_MANY_DOTS = re.compile(r"(?:[\w\"'-]{1,64}[ \t]*\.[ \t]*){40}")
"""A key of so many tables that tomllib, whose time grows with their square, would take minutes for 60 KB of them."""

_LARGEST_FILE = 2 * LARGEST
_WHOLE_NUMBERS = 2**53
_KEYS = {role.key: field for field, role in KEY_NAMES.items()}


class Problem(msgspec.Struct, frozen=True):
    """A problem of a file.

    - `line`: None: of the file as a whole.
    - `problem`: a sentence that says what to do.
    """

    file: str
    line: int | None
    problem: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.problem}" if self.line else f"{self.file}: {self.problem}"


class FilesWrong(Exception):
    """Files of profiles that cannot be applied; nothing was written. `problems` are all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join([*map(str, problems), "Nothing was written."]))
        self.problems = tuple(problems)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as a file has it.

    - `file`, `text`: its name for people, and its content.
    - `unknown`: fields that this release does not know, by name: in the file's first level, and in its settings.
    """

    name: str
    file: str
    text: str
    accounts: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    unknown_settings: dict[str, Any] = {}

    def line_of(self, *path: str) -> int | None:
        """The line of a field (`settings`, `hours`)."""
        return line_of(self.text, path)

    def wrong(self, problem: str, *path: str) -> Problem:
        return Problem(self.file, self.line_of(*path) if path else None, problem)


def files_in(paths: Sequence[Path]) -> tuple[list[Path], bool]:
    """The files to read, and whether they are all of a folder. Raises FilesWrong."""
    folders = [path for path in paths if path.is_dir()]
    if not folders:
        return list(paths), False
    if len(paths) > 1:
        raise FilesWrong([Problem(str(folders[0]), None, "give one folder, or files")])
    found = sorted(path for path in folders[0].glob("*.toml") if not path.name.startswith("."))
    if not found:
        problem = "there is no file NAME.toml in it: end profiles with recado profile remove"
        raise FilesWrong([Problem(str(folders[0]), None, problem)])
    return found, True


def documents(paths: Sequence[Path]) -> list[Document]:
    """The profiles of the files. Raises FilesWrong with every problem of the files' form."""
    found: list[Document] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found.append(document(path.name, read_text(path), path.stem))
        except FilesWrong as wrong:
            problems += wrong.problems
    by_name: dict[str, Document] = {}
    for one in found:
        if one.name in by_name:
            problem = f"the profile {one.name} is in {by_name[one.name].file} too: keep one of them"
            problems.append(one.wrong(problem, "name"))
        by_name[one.name] = one
    if problems:
        raise FilesWrong(problems)
    return found


def read_text(path: Path) -> str:
    """The text of a file. Raises FilesWrong."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise FilesWrong([Problem(path.name, None, f"it is too large: a profile has at most {LARGEST:,} bytes")])
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FilesWrong([Problem(path.name, None, "it is no text in UTF-8: save it again as UTF-8")]) from error
    except OSError as error:
        raise FilesWrong([Problem(path.name, None, f"it cannot be read: {error.strerror}")]) from error


def document(file: str, text: str, stem: str) -> Document:
    """The profile in a text of TOML; `stem` is its name if it gives none. Raises FilesWrong."""
    text = text.replace("\r\n", "\n")
    if (dots := _MANY_DOTS.search(text)) is not None:
        first = text.count("\n", 0, dots.start()) + 1
        raise FilesWrong([Problem(file, first, "over 40 words with dots between them: write fewer in one line")])
    try:
        fields = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        at = _AT_LINE.search(str(error))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1 if at else None
        said = _AT_LINE.sub("", str(error)) if not isinstance(error, RecursionError) else "it is nested too deeply"
        raise FilesWrong([Problem(file, line, f"this is no TOML ({said}): correct it here or just before")]) from error
    read = _Fields(file, text, fields)
    found = read.document(stem)
    if read.problems:
        raise FilesWrong(sorted(read.problems, key=lambda one: one.line or 0))
    return found


class _Fields:
    """Reads the fields of one file, and gathers the problems."""

    def __init__(self, file: str, text: str, fields: dict[str, Any]) -> None:
        self._file = file
        self._text = text
        self._fields = fields
        self.problems: list[Problem] = []

    def document(self, stem: str) -> Document:
        name = self._fields.get("name", stem)
        if not isinstance(name, str) or not NAME.fullmatch(name) or name == DEFAULT:
            self._wrong(
                f"{str(name)[:70]!r} is no name of a profile: give 1 to 64 of a-z, 0-9, '_' and '-', as "
                f"the name of the file or as name = …; {DEFAULT} is the instances' own",
                *(["name"] if "name" in self._fields else []),
            )
            name = "x"
        settings = self._fields.get("settings", {})
        if not isinstance(settings, dict):
            self._wrong("settings is no table: write [settings] on a line, and the fields under it", "settings")
            settings = {}
        for path, value in (*self._tops(), *((("settings", field), value) for field, value in settings.items())):
            if (problem := _not_json(value)) is not None:
                self._wrong(f"{path[-1][:64]} {problem}", *path)
        for field in settings:
            if field in _KEYS:
                self._wrong(
                    f"{field} is a key, and a profile holds none: put the key into a variable, and its name here as "
                    f'{_KEYS[field]} = "…"',
                    "settings",
                    field,
                )
        scopes = {kind: self._scope(kind) for kind in KINDS}
        found = Document(
            name=name,
            file=self._file,
            text=self._text,
            settings={field: value for field, value in settings.items() if field in FIELDS},
            unknown={path[0]: value for path, value in self._tops()},
            unknown_settings={field: value for field, value in settings.items() if field not in FIELDS | set(_KEYS)},
            **scopes,
        )
        if not self.problems:
            self._check_size(found)
        return found

    def _tops(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """The fields of the first level that this release does not know."""
        for field, value in self._fields.items():
            if field not in ("name", "settings", *KINDS):
                yield (field,), value

    def _scope(self, kind: Any) -> tuple[str, ...]:
        given = self._fields.get(kind, [])
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            self._wrong(f'{kind} is no list of texts: write {kind} = ["…", "…"]', kind)
            return ()
        try:
            return entries_of(kind, given)
        except ValueError as error:
            self._wrong(f"{kind} is a list {error}", kind)
            return ()

    def _check_size(self, found: Document) -> None:
        try:
            encoded(
                Profile(
                    name=found.name,
                    n=1,
                    at=datetime(2026, 1, 1, tzinfo=UTC),
                    accounts=found.accounts,
                    chats=found.chats,
                    groups=found.groups,
                    settings=found.settings | found.unknown_settings,
                    more=found.unknown,
                )
            )
        except ProfileUnreadable as fault:
            self._wrong(f"it cannot be a profile: {fault}")

    def _wrong(self, problem: str, *path: str) -> None:
        self.problems.append(Problem(self._file, line_of(self._text, path) if path else None, problem))


def unknown_problem(field: str, *, top: bool) -> str:
    """A sentence about a field that this release does not know, and no stored version has."""
    if top and field in FIELDS:
        return f"{field} is a setting: put it under a line [settings]"
    if not top and field in VARIABLES:
        return f"{field} cannot be set by a profile: set {VARIABLES[field].name} for the instance"
    by_variable = {variable.name: name for name, variable in VARIABLES.items() if name in FIELDS}
    meant = by_variable.get(field.upper()) or nearest(field, FIELDS if not top else (*KINDS, "name", "settings"))
    return f"{field[:64]} is no field of a profile" + (f"; did you mean {meant}?" if meant else ": take it out")


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The line of `text`, valid TOML, where the field at `path` begins, or the table in braces that holds it; None if
    it is not found."""
    *outer, field = path
    lines = text.split("\n")
    named = re.compile(rf"^\s*[\[\w\"'. -]*(?<![\w-]){re.escape(field)}(?![\w-])")
    candidates = [number for number, line in enumerate(lines) if named.match(line)]
    for number in candidates[:_TRIES]:
        # The text before the line of a field is TOML itself; a line inside a text or a list is not.
        line = lines[number]
        begun = line if line.lstrip().startswith("[") else f"{line.partition('=')[0]} = 0"
        try:
            tables = tomllib.loads("\n".join([*lines[:number], begun]))
        except ValueError:
            continue
        if _has(tables, path):
            return number + 1
    return line_of(text, outer) if outer else None


def _has(table: Any, path: Sequence[str]) -> bool:
    for field in path:
        if not isinstance(table, dict) or field not in table:
            return False
        table = table[field]
    return True


def _not_json(value: Any, levels: int = DEEPEST) -> str | None:
    """The reason why a profile cannot hold the value; None if it can."""
    if isinstance(value, datetime | date | time):
        return "is a date or a time: put it into quotes"
    if isinstance(value, float) and not abs(value) < float("inf"):
        return "is no number"
    if isinstance(value, int) and abs(value) > _WHOLE_NUMBERS:
        return "is too large a number"
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if levels == 0 and inner:
        return f"has more than {DEEPEST} levels of lists and tables"
    return next((problem for one in inner if (problem := _not_json(one, levels - 1)) is not None), None)
