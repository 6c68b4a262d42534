#!/usr/bin/env python3
"""Plays the quick scenarios on the validators of targets/, several times, measures some of their caches, and writes
../CHAOS.md.

    tests/targets/caches/measure.py --gauntlet target/release/gauntlet --work DIR

What is in DIR already is not measured again."""

import argparse
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Those whose documented settings have a lifetime, one of each language and kind.
FINGERPRINTED = ["jose", "node-jwks-rsa", "pyjwt", "keyfunc", "nimbus"]
CONFIGURED = 5.0


def call(command, log):
    with log.open("w") as out:
        return subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, cwd=HERE, check=False).returncode


def measure(gauntlet, target, folder, seed):
    if (folder / "run.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    code = call(
        [gauntlet, "chaos", str(target), "--quick", "--quiet", "--seed", str(seed), "--out", str(folder)],
        folder / "chaos.log",
    )
    print(f"{target.stem}: exit code {code}", flush=True)


def fingerprint(gauntlet, target, folder):
    found = folder / "fingerprint.txt"
    if found.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    call([gauntlet, "fingerprint", str(target), "--watch", "8s", "--quiet"], folder / "fingerprint.log")
    (folder / "fingerprint.log").rename(found)
    print(f"{target.stem}: measured", flush=True)


def seconds(measured):
    if measured is None:
        return "?"
    return f"{'> ' if measured['at-least'] else ''}{measured['seconds']:.1f} s"


def facts(run, *names):
    """The facts of the scenarios whose id begins with one of these names."""
    return [s["facts"] for s in run["scenarios"] if s["id"].startswith(names) and s["facts"]]


def longest(all_facts, name):
    found = [f[name] for f in all_facts if f.get(name) is not None]
    return max(found, key=lambda m: (m["at-least"], m["seconds"])) if found else None


def row(run):
    outage = longest(facts(run, "outage-past-ttl"), "survived")
    removed = longest(facts(run, "emergency-revocation"), "trusted-removed")
    new = longest(facts(run, "rotate-without-overlap", "emergency-revocation"), "took-new")
    flood = [f["fetches-per-hundred"] for f in facts(run, "flood-in-outage") if "fetches-per-hundred" in f]
    hang = [f["p99-while-hanging"] for f in facts(run, "hang") if "p99-while-hanging" in f]
    forged = [f["forged"] for f in facts(run, "")]
    p99 = "late" if not hang else f"{hang[0] * 1000:.0f} ms" if hang[0] < 1 else f"{hang[0]:.1f} s"
    return [
        seconds(outage),
        seconds(removed),
        seconds(new),
        f"{flood[0]:.1f}" if flood else "?",
        p99,
        f"{sum(taken for _, taken in forged)} of {sum(n for n, _ in forged)}",
    ]


def configured(text):
    found = {}
    for name, value, unit in re.findall(r'^(\w+) = "([\d.]+)(ms|s)"', text, re.MULTILINE):
        found[name] = float(value) / (1000 if unit == "ms" else 1)
    return found


def about(target):
    return re.search(r'^about = "(.*)"', target.read_text(), re.MULTILINE)[1]


INTRO = """# Key caches of real validators

Made by `tests/targets/caches/measure.py`: the quick scenarios (`gauntlet chaos TARGET --quick`) on {count} validators,
{times} times each, the values of the runs side by side. Each is configured with a lifetime of the key set of 5 s, a pause
between unknown keys of 2 s and a time limit of 1 s, where it has such settings; all else is the library's own default, in a
server of thirty lines ([caches](caches/)).

These are descriptions of behaviour, not verdicts: what is right depends on what a service needs. A library that refuses
everybody when its key set is too old forgets a stolen key in time; one that goes on for ever does not. A column that shows the
same weakness for many is why the scenarios exist.

- **outage**: how long good tokens by a known key were all taken while the key set was refused (10 s, which is two
  lifetimes). `>` means: to the end.
- **removed**: how long a key was last trusted after it had been taken out of the set; the longest of four kinds of traffic. `>`
  means: it still was when the scenario ended, after 3.6 lifetimes. In each of them tokens by the next key arrive, and many
  validators learn from those that the old one is gone. Where nothing but time can tell them (`hidden-key`,
  `revocation-by-time`), a validator that keeps keys without an age never does: aws-jwt-verify, which has no setting for a
  lifetime, still trusted the key in the end.
- **new**: how long after its publication a key was first taken, at worst.
- **fetches**: requests for the key set for each hundred tokens with an unknown key, while every such request fails.
- **hang**: the 99th percentile of tokens by a known key while the key set hangs. `late` means that the sender did not keep its
  schedule on this machine, so that nothing is said.
- **forged**: forged tokens that were taken.

Two values mean that the runs differ. The machine has two processors, and had other work of a lower priority meanwhile
(`nice -n -10`). Where the outage began shortly before a refresh, or the set is kept for each key apart, it is survived for less
than a lifetime. jwks-rsa (Java) keeps each key apart and has one request in each pause for whoever asks first, a token with an
unknown key as well as a good one (`RateLimitedJwkProvider` behind `GuavaCachedJwkProvider`): which of them it is decides how
long an outage is survived, an old key stays and a new one is waited for, and its row differs from run to run.

| validator | outage | removed | new | fetches | hang | forged |
|---|---|---|---|---|---|---|
"""

PRINT = """
## What `gauntlet fingerprint` measures of configured values

jwks-rsa (JavaScript) has no pause between unknown keys unless its rate limit is switched on, which it is not here.

| validator | lifetime, 5 s | pause, 2 s | time limit, 1 s |
|---|---|---|---|
"""


def write(targets, work, times, path):
    lines = [INTRO.format(count=len(targets), times={1: "once", 2: "two"}.get(times, times))]
    for target in targets:
        runs = [json.loads((work / str(n) / target.stem / "run.json").read_text()) for n in range(1, times + 1)]
        cells = []
        for values in zip(*(row(run) for run in runs)):
            cells.append(values[0] if len(set(values)) == 1 else " / ".join(values))
        lines.append(f"| {about(target)} | {' | '.join(cells)} |\n")
    lines.append(PRINT)
    wrong = []
    for target in targets:
        found = work / "1" / target.stem / "fingerprint.txt"
        if not found.exists():
            continue
        values = configured(found.read_text())
        cell = lambda name: f"{values[name]:g} s" if name in values else "none seen"  # noqa: E731
        lines.append(f"| {about(target)} | {cell('lifetime')} | {cell('cooldown')} | {cell('timeout')} |\n")
        if abs(values.get("lifetime", 0) - CONFIGURED) > 0.2 * CONFIGURED:
            wrong.append(f"{target.stem}: lifetime {values.get('lifetime')}")
    path.write_text("".join(lines))
    return wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gauntlet", type=pathlib.Path, required=True)
    arguments.add_argument("--work", type=pathlib.Path, required=True)
    arguments.add_argument("--times", type=int, default=2)
    arguments.add_argument("--out", type=pathlib.Path, default=HERE.parent / "CHAOS.md")
    arguments.add_argument("names", nargs="*", help="only these of targets/")
    args = arguments.parse_args()
    gauntlet = args.gauntlet.resolve()
    targets = [t for t in sorted((HERE / "targets").glob("*.toml")) if not args.names or t.stem in args.names]
    for target in targets:
        if target.stem in FINGERPRINTED:
            fingerprint(gauntlet, target, args.work / "1" / target.stem)
    for number in range(1, args.times + 1):
        for target in targets:
            measure(gauntlet, target, args.work / str(number) / target.stem, number)
    wrong = write(targets, args.work, args.times, args.out)
    if wrong:
        sys.exit("more than a fifth away from what is configured: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
