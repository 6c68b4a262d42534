#!/usr/bin/env python3
"""Sends ES256 tokens for ten minutes at 5,000 in a second and watches the memory of gauntlet, in which the server stands as well:
none more in the last tenth of the time than in the second, and every token sent has an answer or is counted as failed. Ends with 1
where that does not hold.

    cargo build --release && tests/benches/soak.py target/release/gauntlet [--duration 10m] [--rate 5000/s]

Linux only: it reads /proc."""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Pages come and go by a few hundred KiB.
GROWTH = 0.02


def resident(pid: int) -> float | None:
    """The resident memory of a process in MiB; None once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))
    except (OSError, StopIteration):
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gauntlet", help="the binary, of a release build")
    parser.add_argument("--duration", default="10m")
    parser.add_argument("--rate", default="5000/s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        command = [options.gauntlet, "load", "builtin:yardstick", "soak", "--alg", "ES256", "--rate", options.rate]
        command += ["--duration", options.duration, "--quiet", "--format", "json", "--out", out]
        child = subprocess.Popen(command)
        seen = []
        while child.poll() is None:
            seen.append(resident(child.pid))
            time.sleep(0.5)
        run = json.loads((Path(out) / "run.json").read_text())
    window = run["load"][0]["windows"][0]
    seen = [value for value in seen if value]
    tenth = max(1, len(seen) // 10)
    early, late = (statistics.median(part) for part in (seen[tenth : 2 * tenth], seen[-tenth:]))
    print(f"sent {window['sent']} = {window['answered']} answered + {window['failed']} failed; {window['generator']['late']} late; "
          f"p99 {window['token_validation_ms']['p99']} ms")
    print(f"memory: {early:.1f} MiB in the second tenth, {late:.1f} MiB in the last, {max(seen):.1f} MiB at most; exit code {child.returncode}")
    kept = window["sent"] == window["answered"] + window["failed"] and late <= early * (1 + GROWTH)
    return 0 if kept and child.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
