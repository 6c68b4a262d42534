#!/usr/bin/env python3
"""Measures servers whose speed is known, again and again: does an open loop keep its rate and tell the truth about a server
that stalls, does `--find-max` find a capacity, and does `--vs` see a difference of five in a hundred and nothing where there is
none? Prints every answer, and ends with 1 where one is off. Takes about a quarter of an hour; be alone on the machine.

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

RATES = (2_000, 20_000)
RATE_ERROR = 0.005
# A server that stands still for 200 ms in each second: a fifth of the tokens waits, evenly between 0 and 200 ms.
STALLED, STALLED_P90, STALLED_P99 = "builtin:yardstick:stall=200ms/1s", 100.0, 190.0
STALL_ERROR = 0.05

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


def window(gauntlet: str, target: str, rate: int, seconds: int) -> dict:
    found = load(gauntlet, target, "steady", "--rate", f"{rate}/s", "--duration", f"{seconds}s")["windows"][0]
    if found["failed"] or found["wrong-refusals"]:
        sys.exit(f"{target} at {rate}/s: {found['failed']} failed, {found['wrong-refusals']} refused")
    return found


def schedules(gauntlet: str) -> bool:
    good = True
    for rate in RATES:
        rounds = [window(gauntlet, "builtin:yardstick", rate, 5) for _ in range(TIMES)]
        errors = [abs(found["throughput_rps"] / rate - 1) for found in rounds]
        late = [found["generator"]["late"] for found in rounds]
        p99 = [found["token_validation_ms"]["p99"] for found in rounds]
        print(f"{rate}/s asked: off by {', '.join(f'{100 * error:.3f}' for error in errors)} %; late {late}; p99 {p99} ms", flush=True)
        good &= all(error <= RATE_ERROR for error in errors)
    for _ in range(TIMES):
        times = window(gauntlet, STALLED, 2_000, 10)["token_validation_ms"]
        off = [times["p90"] / STALLED_P90 - 1, times["p99"] / STALLED_P99 - 1]
        print(f"{STALLED}: p90 {times['p90']:.1f} ms ({100 * off[0]:+.1f} %), p99 {times['p99']:.1f} ms ({100 * off[1]:+.1f} %)", flush=True)
        good &= all(abs(error) <= STALL_ERROR for error in off)
    return good


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
            low, high = paired["between-percent"]
            right += paired["conclusion"] == wanted
            print(f"{other} is {paired['slower-percent']:.2f} % slower ({low:.2f} to {high:.2f}): {paired['conclusion']}", flush=True)
        print(f"{FAST} and {other}: {right} of {COMPARISONS} say {wanted!r}")
        good &= right >= WANTED
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gauntlet", help="the binary, of a release build")
    options = parser.parse_args()
    # All are measured, also where the first is off.
    results = [schedules(options.gauntlet), maxima(options.gauntlet), comparisons(options.gauntlet)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
