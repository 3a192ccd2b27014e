"""The bytes of a file that a request asks for (RFC 9110, section 14): Safari plays no sound and no video without.

One range is answered. Several at once are answered with the whole file, as section 14.2 allows: a hundred ranges of one
file would be a hundred times its bytes.
"""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes\s*=\s*(\d{0,19})-(\d{0,19})", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range begins after the end of the file."""


def range_in(given: str | None, if_range: str | None, tag: str, size: int) -> range | None:
    """The bytes that are asked for; None: all of them, as for a header that cannot be read.

    - `given`, `if_range`: the headers `Range` and `If-Range`.
    - `tag`: the file's ETag. With another one in `If-Range`, or a date, the file may have changed.

    Raises Unsatisfiable.
    """
    match = _ONE.fullmatch(given.strip()) if given is not None else None
    if match is None or match[0].endswith("=-") or (if_range is not None and if_range.strip() != tag):
        return None
    first, last = match[1], match[2]
    if not first and not last:
        return None
    if not first:
        if not int(last):
            raise Unsatisfiable
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return range(int(first), min(int(last) + 1, size) if last else size)
