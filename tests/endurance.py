#!/usr/bin/env python3
"""Plays every scenario several times and looks at what is left: the same grades each time (and on
builtin:strict every must and should), no process, socket or thread more at the end than at the beginning, and memory within
bounds.

    tests/endurance.py --gauntlet target/release/gauntlet [--times 3] [TARGET]

Linux only: it reads /proc."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

MEMORY_MIB = 300
MINUTES = 12


def of_process(pid):
    """Threads, sockets and the highest resident memory so far in MiB; None once it is gone."""
    proc = pathlib.Path(f"/proc/{pid}")
    try:
        threads = len(list((proc / "task").iterdir()))
        sockets = 0
        for fd in (proc / "fd").iterdir():
            try:
                sockets += os.readlink(fd).startswith("socket:")
            except OSError:
                pass
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line)
        return threads, sockets, int(status["VmHWM"].split()[0]) / 1024
    except (OSError, KeyError):
        return None


def of_session(session):
    """Processes that belong to a session."""
    found = []
    for proc in pathlib.Path("/proc").iterdir():
        if proc.name.isdigit():
            try:
                fields = (proc / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            # The state comes first, the session fourth (proc(5)); a zombie is nobody.
            if fields[3] == str(session) and fields[0] != "Z":
                found.append(proc.name)
    return found


def grade(scenario):
    """Whether it was played, and held. How near it came to excellence is a matter of milliseconds, and of the machine."""
    if scenario["outcome"] in ("skip", "inconclusive"):
        return scenario["outcome"], True, True
    held = lambda level: all(  # noqa: E731
        claim["outcome"] not in ("fail", "warn") for claim in scenario.get("assertions", []) if claim["level"] == level
    )
    return "played", held("must"), held("should")


def play(gauntlet, target, out, more):
    began = time.monotonic()
    command = [gauntlet, "chaos", target, "--ci", "--quiet", "--seed", "7", "--out", out, *more]
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, start_new_session=True, stdout=said, stderr=subprocess.STDOUT)
        seen = []
        while child.poll() is None:
            now = of_process(child.pid)
            if now:
                seen.append(now)
            time.sleep(0.5)
        # 1 is what a validator with findings ends with.
        if child.returncode not in (0, 1) or not seen:
            said.seek(0)
            sys.exit(f"{' '.join(command)} ended with {child.returncode}:\n{said.read().decode(errors='replace')[-4000:]}")
    minutes = (time.monotonic() - began) / 60
    # What was told to stop may take a moment.
    patience = time.monotonic() + 5
    while (left := of_session(child.pid)) and time.monotonic() < patience:
        time.sleep(0.1)
    run = json.loads((pathlib.Path(out) / "run.json").read_text())
    grades = {scenario["id"]: grade(scenario) for scenario in run["scenarios"]}
    # What a scenario holds it gives back: the least of the last fifth is held against that of the second, when all are at it.
    fifth = max(1, len(seen) // 5)
    second = seen[fifth : 2 * fifth] or seen
    least = lambda part, index: min(values[index] for values in part)  # noqa: E731
    return {
        "grades": grades,
        "minutes": minutes,
        "left": left,
        "memory": max(values[2] for values in seen),
        "threads": (least(second, 0), least(seen[-fifth:], 0)),
        "sockets": (least(second, 1), least(seen[-fifth:], 1)),
        "code": child.returncode,
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gauntlet", type=pathlib.Path, required=True)
    arguments.add_argument("--times", type=int, default=3)
    arguments.add_argument("--out", type=pathlib.Path, help="keep the reports here")
    arguments.add_argument("target", nargs="?", default="builtin:strict")
    arguments.add_argument("more", nargs="*", help="further arguments of chaos, behind --")
    args = arguments.parse_args()
    wrong = []
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        base = args.out or pathlib.Path(folder)
        for number in range(1, args.times + 1):
            found = play(str(args.gauntlet.resolve()), args.target, str(base / str(number)), args.more)
            runs.append(found)
            shown = {name: value for name, value in found.items() if name != "grades"}
            print(f"run {number}: {len(found['grades'])} scenarios, {shown}", flush=True)
            if found["left"]:
                wrong.append(f"run {number} leaves processes: {found['left']}")
            if found["memory"] > MEMORY_MIB:
                wrong.append(f"run {number} took {found['memory']:.0f} MiB")
            if found["minutes"] > MINUTES:
                wrong.append(f"run {number} took {found['minutes']:.1f} minutes")
            for what in ("threads", "sockets"):
                first, last = found[what]
                if last > first + 4:
                    wrong.append(f"run {number}: {what} grew from {first} to {last}")
    for name in sorted({name for run in runs for name in run["grades"]}):
        grades = [run["grades"].get(name) for run in runs]
        for number, (outcome, must, should) in enumerate(filter(None, grades), 1):
            if not must or not should:
                print(f"  {name}, run {number}: {outcome}, must {must}, should {should}")
        if args.target == "builtin:strict" and any(found != ("played", True, True) for found in grades if found and found[0] != "skip"):
            wrong.append(f"{name} does not hold on strict: {grades}")
        elif len(set(grades)) > 1:
            wrong.append(f"{name} went differently: {grades}")
    if wrong:
        sys.exit("\n".join(wrong))
    print("the same grades each time, and nothing is left behind")


if __name__ == "__main__":
    main()
