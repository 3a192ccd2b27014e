"""The vectors of pieces in the file of the index. Each function is a part of a transaction of its caller.

A space is what one model at one server makes: its vectors can be compared with each other, and with no others. Vectors
are kept by the digest of their words, so that a piece that comes again has them: one, or several one after the
other. A table of sqlite-vec for each space has their signs, by piece and collection. A collection is searched in a
space from the time at which each of its pieces had a vector, so that another model takes over when it is whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from projections.knowledge.parts import words_of
from projections.knowledge.pieces import Piece

_FLOAT = 4
"""Bytes of a number."""

_PARTS = 64
"""Vectors of a piece have so many numbers in the table."""

_CANDIDATES = 40
"""Vectors whose signs are nearest, and whose distance is then measured. The time of sqlite-vec grows with it."""

_CHUNK = 4096
"""Vectors that sqlite-vec keeps together: room for so many is taken for each collection, 256 KB with 512 numbers. With
256, a search takes twice the time."""


class Lacking(msgspec.Struct, frozen=True):
    """The pieces that have no vector yet.

    - `digest`: of the words.
    - `words`: to embed.
    """

    digest: bytes
    words: str


class Coverage(msgspec.Struct, frozen=True):
    """How much of the collections can be found by meaning.

    - `pieces`: all of them.
    - `lacking`: pieces that have no vector yet.
    - `refused`: pieces whose words the model refuses.
    """

    pieces: int
    lacking: int
    refused: int


def keep(db: sqlite3.Connection, space: str, vectors: Sequence[tuple[bytes, bytes | None]], part_size: int = 0) -> bool:
    """Keep vectors by digest, unless there are some; None: the model refuses the words. False, and nothing is kept, if
    those of the space have another number of numbers.

    - `part_size`: bytes of a vector, where there may be several of a digest; 0: there is one.
    """
    sizes = {part_size or len(vector) for _, vector in vectors if vector is not None}
    found = _space(db, space)
    if not sizes:
        id_ = found[0] if found is not None else None
    elif found is None:
        id_ = _made(db, space, max(sizes))
    else:
        id_ = found[0]
        if sizes != {found[1]}:
            return False
    if id_ is None:  # a space begins with a vector
        return True
    there = "SELECT 1 FROM vectors WHERE space = ? AND digest = ?"
    for digest, vector in vectors:
        if db.execute(there, (id_, digest)).fetchone() is None:
            db.execute("INSERT INTO vectors VALUES (?, ?, ?)", (id_, digest, vector))
            _fill(db, id_, "pieces.digest = ?", digest)
    return True


def lacking(db: sqlite3.Connection, space: str, collections: Collection[str], most: int) -> list[Lacking]:
    """Different words of pieces in the collections that have no vector yet, `most` at most."""
    rows = db.execute(
        "SELECT digest, name, headings, text FROM pieces "
        "JOIN documents ON documents.id = document WHERE collection IN (SELECT value FROM json_each(?)) AND NOT EXISTS "
        "(SELECT 1 FROM vectors WHERE space = ? AND vectors.digest = pieces.digest) LIMIT ?",
        (_json(collections), _id(db, space), most),
    )
    return [Lacking(*one) for one in {digest: words_of(name, Piece(*of)) for digest, name, *of in rows}.items()]


def coverage(db: sqlite3.Connection, space: str, collections: Collection[str]) -> Coverage:
    id_, names = _id(db, space), _json(collections)
    pieces, with_vector, refused = db.execute(
        "SELECT count(*), count(vector), count(vectors.digest) - count(vector) FROM pieces "
        "JOIN documents ON documents.id = document LEFT JOIN vectors ON space = ? AND vectors.digest = pieces.digest "
        "WHERE collection IN (SELECT value FROM json_each(?))",
        (id_, names),
    ).fetchone()
    return Coverage(pieces, pieces - with_vector - refused, refused)


def is_searched(db: sqlite3.Connection, space: str, collections: Collection[str]) -> bool:
    """Whether one of the collections is searched in the space."""
    query = "SELECT 1 FROM whole WHERE space = ? AND collection IN (SELECT value FROM json_each(?))"
    return db.execute(query, (_id(db, space), _json(collections))).fetchone() is not None


def note_whole(db: sqlite3.Connection, space: str, collections: Iterable[str]) -> None:
    """From now on the collections are searched in the space."""
    if (found := _space(db, space)) is not None:
        db.executemany("INSERT OR IGNORE INTO whole VALUES (?, ?)", ((found[0], name) for name in collections))


def nearest(
    db: sqlite3.Connection, space: str, vector: bytes, collections: Iterable[str], also: Sequence[int] = ()
) -> dict[int, float]:
    """The pieces that are nearest to the vector, with the squares of their distances, the nearest first; none if the
    space has vectors of another size.

    - `also`: pieces that are measured too, as far as they have vectors.
    """
    found = _space(db, space)
    if found is None or found[1] != len(vector):
        return {}
    id_, size = found
    whole = db.execute(
        "SELECT collection FROM whole WHERE space = ? AND collection IN (SELECT value FROM json_each(?))",
        (id_, _json(list(collections))),
    ).fetchall()
    candidates: list[tuple[float, int]] = []
    for (collection,) in whole:
        candidates += db.execute(
            f"SELECT distance, rowid FROM {_table(id_)} "  # noqa: S608
            "WHERE signs MATCH vec_quantize_binary(?) AND k = ? AND collection = ?",
            (_padded(vector), _CANDIDATES, collection),
        ).fetchall()
    if not candidates:
        return {}
    rows = {row for _, row in sorted(candidates)[:_CANDIDATES]}
    rows.update(
        piece * _PARTS + number
        for piece, parts in db.execute(
            "SELECT pieces.id, length(vector) / ? FROM json_each(?) AS some "
            "CROSS JOIN pieces ON pieces.id = some.value "
            "CROSS JOIN vectors ON space = ? AND vectors.digest = pieces.digest WHERE vector IS NOT NULL",
            (size, msgspec.json.encode(also).decode(), id_),
        ).fetchall()
        for number in range(min(parts, _PARTS))
    )
    return {
        piece: distance * distance
        for piece, distance in db.execute(
            "SELECT pieces.id, "
            "min(vec_distance_l2(substr(vectors.vector, candidates.value % ? * ? + 1, ?), ?)) AS distance "
            "FROM json_each(?) AS candidates JOIN pieces ON pieces.id = candidates.value / ? "
            "JOIN vectors ON vectors.space = ? AND vectors.digest = pieces.digest GROUP BY pieces.id "
            "ORDER BY distance, pieces.id",
            (_PARTS, size, size, vector, msgspec.json.encode(list(rows)).decode(), _PARTS, id_),
        )
    }


def size_of(db: sqlite3.Connection, space: str) -> int | None:
    """Bytes of a vector of the space; None: it has none."""
    found = _space(db, space)
    return found[1] if found is not None else None


def forget(db: sqlite3.Connection, space: str) -> None:
    """Drop all vectors of the space."""
    if (found := _space(db, space)) is not None:
        db.execute(f"DROP TABLE {_table(found[0])}")
        for table in ("whole", "vectors"):
            db.execute(f"DELETE FROM {table} WHERE space = ?", found[:1])  # noqa: S608 - one of two
        db.execute("DELETE FROM spaces WHERE id = ?", found[:1])


def tidy(db: sqlite3.Connection, kept: Collection[str]) -> list[str]:
    """Drop the spaces but those that are kept, and vectors that no piece has. Returns the spaces that were dropped."""
    dropped = [name for (name,) in db.execute("SELECT name FROM spaces").fetchall() if name not in kept]
    for name in dropped:
        forget(db, name)
    db.execute("DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM pieces WHERE pieces.digest = vectors.digest)")
    return dropped


def add_pieces(db: sqlite3.Connection, document: int) -> None:
    """Have the pieces of a document found by those vectors that there are."""
    for (id_,) in db.execute("SELECT id FROM spaces").fetchall():
        _fill(db, id_, "document = ?", document)


def drop_pieces(db: sqlite3.Connection, document: int) -> None:
    """Have the pieces of a document no longer found. Call it while they are there."""
    for id_, size in db.execute("SELECT id, size FROM spaces").fetchall():
        rows = [(row,) for row, _, _ in _rows(db, id_, size, "document = ?", document)]
        db.executemany(f"DELETE FROM {_table(id_)} WHERE rowid = ?", rows)  # noqa: S608


def drop_all_pieces(db: sqlite3.Connection) -> None:
    """Have no piece found. The vectors are kept by digest."""
    for id_, size in db.execute("SELECT id, size FROM spaces").fetchall():
        db.execute(f"DROP TABLE {_table(id_)}")
        _make_table(db, id_, size)


def found_pieces(db: sqlite3.Connection) -> list[tuple[str, int, str]]:
    """Each piece that is found by its vector: the space, the piece and the collection, in this order."""
    rows: list[tuple[str, int, str]] = []
    for id_, name in db.execute("SELECT id, name FROM spaces ORDER BY name").fetchall():
        found = db.execute(f"SELECT rowid / {_PARTS}, collection FROM {_table(id_)}")  # noqa: S608
        rows += sorted({(name, piece, collection) for piece, collection in found})
    return rows


def vectors_by_space(db: sqlite3.Connection) -> dict[str, frozenset[bytes]]:
    """The digests that have a vector, by the name of the space, in the order of the names."""
    spaces = db.execute("SELECT id, name FROM spaces ORDER BY name").fetchall()
    query = "SELECT digest FROM vectors WHERE space = ? AND vector IS NOT NULL"
    return {name: frozenset(digest for (digest,) in db.execute(query, (id_,))) for id_, name in spaces}


def _space(db: sqlite3.Connection, name: str) -> tuple[int, int] | None:
    """The number of the space, and the bytes of its vectors."""
    row: tuple[int, int] | None = db.execute("SELECT id, size FROM spaces WHERE name = ?", (name,)).fetchone()
    return row


def _id(db: sqlite3.Connection, name: str) -> int:
    found = _space(db, name)
    return found[0] if found is not None else 0


def _made(db: sqlite3.Connection, name: str, size: int) -> int:
    id_: int = db.execute("INSERT INTO spaces (name, size) VALUES (?, ?) RETURNING id", (name, size)).fetchone()[0]
    _make_table(db, id_, size)
    return id_


def _make_table(db: sqlite3.Connection, id_: int, size: int) -> None:
    signs = len(_padded(bytes(size))) // _FLOAT
    db.execute(
        f"CREATE VIRTUAL TABLE {_table(id_)} USING vec0"
        f"(collection TEXT PARTITION KEY, signs bit[{signs}], chunk_size={_CHUNK})"
    )


def _fill(db: sqlite3.Connection, id_: int, of: str, value: object) -> None:
    """Put pieces that have a vector into the space's table; they are in none yet."""
    [size] = db.execute("SELECT size FROM spaces WHERE id = ?", (id_,)).fetchone()
    query = f"INSERT INTO {_table(id_)} (rowid, collection, signs) VALUES (?, ?, vec_quantize_binary(?))"  # noqa: S608
    db.executemany(query, ((row, collection, _padded(one)) for row, collection, one in _rows(db, id_, size, of, value)))


def _rows(db: sqlite3.Connection, id_: int, size: int, of: str, value: object) -> list[tuple[int, str, bytes]]:
    """Of the pieces that have vectors: for each vector its row of the table, the collection, and the vector."""
    query = (
        "SELECT pieces.id, collection, vector FROM pieces JOIN documents ON documents.id = document "
        "JOIN vectors ON space = ? AND vectors.digest = pieces.digest WHERE vector IS NOT NULL AND "
    )
    return [
        (piece * _PARTS + number, collection, vector[number * size : (number + 1) * size])
        for piece, collection, vector in db.execute(query + of, (id_, value)).fetchall()
        for number in range(min(len(vector) // size, _PARTS))
    ]


def _padded(vector: bytes) -> bytes:
    """The vector with a number of numbers of which the signs are whole bytes."""
    return vector + bytes(-len(vector) % (8 * _FLOAT))


def _table(id_: int) -> str:
    return f"meanings_{id_}"


def _json(values: Collection[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
