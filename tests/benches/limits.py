#!/usr/bin/env python3
"""Measures servers whose speed is known, again and again: does `--find-max` find it, and does `--vs` see a difference of five
in a hundred and nothing where there is none? Prints every answer, and ends with 1 where one is off.

    cargo build --release && tests/benches/limits.py target/release/gauntlet
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CAPACITIES = (1_000, 5_000, 20_000)
TIMES = 5
WITHIN = 0.03

COMPARISONS = 20
WANTED = 19
FAST, SLOW = "builtin:yardstick:5000/s", "builtin:yardstick:4750/s"


def load(gauntlet: str, *arguments: str) -> dict:
    """The first plan of a run."""
    with tempfile.TemporaryDirectory() as out:
        command = [gauntlet, "load", *arguments, "--quiet", "--format", "json", "--out", out]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        try:
            return json.loads((Path(out) / "run.json").read_text())["load"][0]
        except FileNotFoundError:
            sys.exit(done.stderr)


def maxima(gauntlet: str) -> bool:
    good = True
    for capacity in CAPACITIES:
        found = [load(gauntlet, f"builtin:yardstick:{capacity}/s", "--find-max")["maximum"]["rate"] for _ in range(TIMES)]
        near = sum(abs(rate / capacity - 1) <= WITHIN for rate in found)
        print(f"capacity {capacity}/s: found {', '.join(f'{rate:.0f}' for rate in found)}; "
              f"{near} of {TIMES} within {100 * WITHIN:.0f} %", flush=True)
        good &= near == TIMES
    return good


def comparisons(gauntlet: str) -> bool:
    good = True
    for other, wanted in ((SLOW, "slower"), (FAST, "no difference shown")):
        right = 0
        for _ in range(COMPARISONS):
            paired = load(gauntlet, FAST, "--vs", other, "--connections", "16", "--duration", "500ms")["paired"]
            low, high = paired["between_percent"]
            right += paired["conclusion"] == wanted
            print(f"{other} is {paired['slower_percent']:.2f} % slower ({low:.2f} to {high:.2f}): {paired['conclusion']}", flush=True)
        print(f"{FAST} and {other}: {right} of {COMPARISONS} say {wanted!r}")
        good &= right >= WANTED
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gauntlet", help="the binary, of a release build")
    options = parser.parse_args()
    # Both are measured, also where the first is off.
    results = [maxima(options.gauntlet), comparisons(options.gauntlet)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
