"""A process that speaks as backends.embedded_process does: the first number of a vector is the length of its text.

Texts make it slow, end it, or have it answer nonsense.
"""

from __future__ import annotations

import sys
import time
from array import array

import msgspec

from backends.embedded import SIZE
from backends.embedded_process import framed, read_frame


def _vector(text: str) -> bytes:
    return array("f", [len(text), *[0.0] * (SIZE // 4 - 1)]).tobytes()


def main() -> None:
    output = sys.stdout.buffer
    output.write(framed(str(SIZE).encode()))
    output.flush()
    while (asked := read_frame(sys.stdin.buffer)) is not None:
        texts = msgspec.msgpack.decode(asked, type=list[str])
        if "slow" in texts:
            time.sleep(0.3)
        if "exit" in texts:
            sys.exit(7)
        output.write(framed(b"x" if "nonsense" in texts else b"".join(map(_vector, texts))))
        output.flush()


if __name__ == "__main__":
    main()
