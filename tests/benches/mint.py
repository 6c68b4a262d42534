#!/usr/bin/env python3
"""How much faster two processors mint than one: `gauntlet forge --count` bound to one and to two of them, in turns.

    tests/benches/mint.py [--gauntlet target/release/gauntlet] [--rounds 5]

Prints every round and the median ratio; exits 1 where one is under 1.8. Wants two idle processors.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys

LEAST = 1.8
# About two seconds on one processor.
COUNTS = {"RS256": 8_000, "ES256": 100_000}


def rate(gauntlet: str, alg: str, processors: list[int]) -> float:
    """Tokens a second, by the command's own count: without the time to load the suite and to make the keys."""
    run = subprocess.run(
        [gauntlet, "forge", "--alg", alg, "--count", str(COUNTS[alg]), "--out", os.devnull],
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    said = re.search(r"([0-9]+) a second", run.stderr)
    if said is None:
        sys.exit(f"forge named no rate: {run.stderr}")
    return float(said.group(1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gauntlet", default="target/release/gauntlet")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    processors = sorted(os.sched_getaffinity(0))[:2]
    if len(processors) < 2:
        sys.exit("this machine has one processor")
    short = False
    for alg in COUNTS:
        ratios = []
        for number in range(options.rounds):
            one = rate(options.gauntlet, alg, processors[:1])
            two = rate(options.gauntlet, alg, processors)
            ratios.append(two / one)
            print(f"{alg} round {number + 1}: one {one:.0f}/s, two {two:.0f}/s, {two / one:.2f}x", flush=True)
        median = statistics.median(ratios)
        short |= median < LEAST
        print(f"{alg}: median {median:.2f}x", flush=True)
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
