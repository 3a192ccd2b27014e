"""`make fuzz`: 100,000 inputs, in worlds of a few thousand, one on each core, then some thousand for a real process.

    python -m tests.fuzz [--inputs 100000] [--minutes 40] [--seed N]

It prints the seed and what became of the inputs; with the seed of a run the same inputs come in again. Exit 1:
something broke; the seed, the mode and what broke are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from random import SystemRandom

from tests.fuzz.process import fuzz_process
from tests.fuzz.run import one_world, world_modes
from tests.fuzz.tally import Tally

IN_A_WORLD = 2_500
FOR_A_PROCESS = 4_000


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz recado.")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument(
        "--minutes", type=float, default=40.0, help="no world is begun after these (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FUZZ_SEED") or SystemRandom().randrange(10**9)))
    given = parser.parse_args()
    sys.stdout.write(f"FUZZ_SEED={given.seed}\n")
    began, whole, broken = time.monotonic(), Tally(), list[str]()
    modes = world_modes(max(1, -(-given.inputs // IN_A_WORLD)))
    inputs = min(IN_A_WORLD, given.inputs)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        worlds = [pool.submit(one_world, given.seed + number, mode, inputs) for number, mode in enumerate(modes)]
        for done in as_completed(worlds):
            if done.cancelled():
                continue
            tally, fault = done.result()
            whole.add(tally)
            if fault:
                broken.append(fault)
                sys.stdout.write(f"BROKEN {fault}\n")
            sys.stdout.write(f"{whole.count:>8,} inputs after {time.monotonic() - began:.0f} s\n")
            sys.stdout.flush()
            if time.monotonic() - began > given.minutes * 60:
                for waiting in worlds:
                    waiting.cancel()
    sys.stdout.write(f"{whole.told()}\n")
    if whole.read.total() * 2 < whole.count:
        broken.append("fewer than half of the inputs could be read")
        sys.stdout.write(f"BROKEN {broken[-1]}\n")
    if whole.count < given.inputs and not broken:
        sys.stdout.write(f"the time was over before all of {given.inputs:,}: give it more with --minutes\n")
    try:
        sys.stdout.write(f"{asyncio.run(fuzz_process(given.seed, FOR_A_PROCESS))}\n")
    except AssertionError as fault:
        broken.append(str(fault))
        sys.stdout.write(f"BROKEN FUZZ_SEED={given.seed}, recado up: {fault}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
