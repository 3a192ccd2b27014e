"""Environment variables that hold a path: of a file, of a folder that is there, and of one that recado makes."""

from __future__ import annotations

from pathlib import Path

from events.phrases import Phrase
from recado.settings.variables import Reader


def file() -> Reader:
    def read(given: str) -> Path:
        path = Path(given).expanduser()
        if not path.is_file():
            raise ValueError("which is no file: give the path of one that is there")
        return path

    return Reader(Phrase("the path of a file"), read)


def existing_folder() -> Reader:
    def read(given: str) -> Path:
        path = Path(given).expanduser()
        if not path.is_dir():
            raise ValueError("which is no folder: give the path of one that is there, and that recado's user can enter")
        return path

    return Reader(Phrase("the path of a folder that is there"), read)


def folder() -> Reader:
    def read(given: str) -> Path:
        path = Path(given).expanduser()
        if path.exists() and not path.is_dir():
            raise ValueError("which is a file: give the path of a folder, which is made if it is not there")
        return path

    return Reader(Phrase("the path of a folder"), read)
