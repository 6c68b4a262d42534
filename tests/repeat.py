#!/usr/bin/env python3
"""Runs gauntlet many times while every processor is busy, against builtin:strict and two real targets, with another seed
each time. Every run must give the same outcomes; one that does not has found something that depends on time or luck."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TARGETS = HERE / "targets"
# Ends by itself when this program is gone.
SPIN = [sys.executable, "-c", "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"]


def outcomes(gauntlet: str, target: str, seed: int) -> dict[str, str]:
    """The outcome of every finding of one run."""
    with tempfile.TemporaryDirectory() as out:
        command = [gauntlet, "run", target, "--seed", str(seed), "--max-time", "5m", "--format", "json", "--quiet"]
        done = subprocess.run([*command, "--out", out], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        try:
            report = json.loads((Path(out) / "run.json").read_text())
        except FileNotFoundError:
            sys.exit(f"{target}: no report, exit {done.returncode}\n{done.stderr}")
    if not report["complete"]:
        sys.exit(f"{target}: the run did not end: {report.get('stopped')}")
    return {finding["id"]: finding["outcome"] for case in report["cases"] for finding in case["findings"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gauntlet", default=str(HERE.parent / "target/release/gauntlet"), help="the binary")
    parser.add_argument("--times", type=int, default=20, help="runs of each target")
    options = parser.parse_args()

    targets = ["builtin:strict"]
    for name, needs in (("node-jose", "node_modules/jose"), ("python-pyjwt", ".venv/bin/python")):
        if (TARGETS / name / needs).exists():
            targets.append(str(TARGETS / name / "target.toml"))
        else:
            print(f"skipped: {name} is not installed")

    busy = [subprocess.Popen(SPIN) for _ in range(os.cpu_count() or 1)]
    differing = 0
    try:
        for target in targets:
            first = outcomes(options.gauntlet, target, 1)
            for seed in range(2, options.times + 1):
                again = outcomes(options.gauntlet, target, seed)
                for name in sorted(first.keys() | again.keys()):
                    if first.get(name) != again.get(name):
                        print(f"{target}, seed {seed}: {name}: {first.get(name)}, then {again.get(name)}")
                        differing += 1
            print(f"{target}: {options.times} runs, {len(first)} findings each", flush=True)
    finally:
        for process in busy:
            process.kill()
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
