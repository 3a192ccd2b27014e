-- The same versions of documents give the same documents and pieces; vectors may come later.

CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL,
    stream TEXT NOT NULL,                    -- identity of the stream KNOWLEDGE; empty: nothing was read yet
    checkpoint INTEGER NOT NULL              -- sequence of the last version that is in the file
);

CREATE TABLE documents (                     -- those that are in force
    id INTEGER PRIMARY KEY,                  -- the version's sequence
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    at INTEGER NOT NULL,                     -- microseconds since 1970, of the version
    language TEXT NOT NULL,                  -- in English; empty: not known
    reason TEXT,                             -- why it cannot be read, or was removed from LIBRARY
    UNIQUE (collection, name)
);

CREATE TABLE pieces (
    id INTEGER PRIMARY KEY,                  -- of the document's sequence and the number
    document INTEGER NOT NULL,
    number INTEGER NOT NULL,                 -- within the document, from 0
    headings TEXT NOT NULL,
    text TEXT NOT NULL,
    digest BLOB NOT NULL,                    -- SHA-256 of what is embedded, cut to 16 bytes
    UNIQUE (document, number)
);
CREATE INDEX pieces_by_digest ON pieces (digest);

CREATE VIRTUAL TABLE forms USING fts5(words, content='', contentless_delete=1, tokenize='unicode61');

CREATE TABLE spaces (                        -- each has a table of sqlite-vec, meanings_<id>: see meanings.py
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,               -- the model and its server
    size INTEGER NOT NULL                    -- bytes of a vector
);

CREATE TABLE vectors (
    space INTEGER NOT NULL,
    digest BLOB NOT NULL,
    vector BLOB,                             -- 32-bit floats, of length 1; NULL: the model refuses the words
    UNIQUE (space, digest)
);

CREATE TABLE whole (                         -- the collections that are searched in a space
    space INTEGER NOT NULL,
    collection TEXT NOT NULL,
    PRIMARY KEY (space, collection)
) WITHOUT ROWID;
