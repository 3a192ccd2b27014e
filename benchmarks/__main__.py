"""`python -m benchmarks [names] [--tiny]`: prints one JSON document; progress goes to stderr."""

from __future__ import annotations

import argparse

import msgspec

from benchmarks.suite import NAMES, document


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure recado.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"which ones (all of them: {' '.join(NAMES)})")
    parser.add_argument("--tiny", action="store_true", help="only see whether they run; the figures say nothing")
    args = parser.parse_args()
    unknown = set(args.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}: the names are {' '.join(NAMES)}")
    print(msgspec.json.format(msgspec.json.encode(document(args.names or NAMES, tiny=args.tiny)), indent=2).decode())


if __name__ == "__main__":
    main()
