"""The pieces of collections in portions, as instances share their vectors. Each function is a part of a transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from projections.knowledge.meanings import Lacking
from projections.knowledge.parts import words_of
from projections.knowledge.pieces import Piece

SIZE = 32
"""Pieces of a portion: as many as text-embeddings-inference takes in one request unless it is told otherwise."""


def portions(db: sqlite3.Connection, collections: Collection[str]) -> list[tuple[bytes, ...]]:
    """The digests of the collections' pieces, in the order of the documents, SIZE of one document together."""
    rows = db.execute(
        "SELECT document, number / ?, digest FROM pieces JOIN documents ON documents.id = document "
        "WHERE collection IN (SELECT value FROM json_each(?)) ORDER BY document, number",
        (SIZE, msgspec.json.encode(list(collections)).decode()),
    ).fetchall()
    found = (tuple(digest for _, _, digest in some) for _, some in groupby(rows, key=lambda row: row[:2]))
    return list(dict.fromkeys(found))


def lacking(db: sqlite3.Connection, space: str, digests: Sequence[bytes]) -> list[Lacking]:
    """Those of the digests that have no vector yet, with the texts to embed."""
    there = "SELECT 1 FROM vectors JOIN spaces ON spaces.id = space WHERE spaces.name = ?"
    rows = db.execute(
        "SELECT digest, documents.name, headings, text FROM pieces JOIN documents ON documents.id = document "  # noqa: S608
        f"WHERE digest IN ({_marks(digests)}) AND NOT EXISTS ({there} AND vectors.digest = pieces.digest)",
        (*digests, space),
    )
    return [Lacking(*one) for one in {digest: words_of(name, Piece(*of)) for digest, name, *of in rows}.items()]


def vectors(db: sqlite3.Connection, space: str, digests: Sequence[bytes]) -> list[tuple[bytes, bytes | None]]:
    """The vectors of the digests, as far as they are there; None: the model refuses the words."""
    of_space = "SELECT digest, vector FROM vectors JOIN spaces ON spaces.id = space WHERE name = ?"
    rows: list[tuple[bytes, bytes | None]] = db.execute(
        f"{of_space} AND digest IN ({_marks(digests)})", (space, *digests)
    ).fetchall()
    return rows


def _marks(digests: Sequence[bytes]) -> str:
    return ", ".join("?" * len(digests))
