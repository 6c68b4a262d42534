#!/usr/bin/env python3
"""Measures four real validators in four languages: how many tokens a second each judges, and how long it takes, by
algorithm, by size of the token and by the share of repeated tokens. Writes reports/load/samples.json and samples.md, with
the machine's description.

    cargo build --release && tests/targets/install.sh && tests/benches/samples.py target/release/gauntlet

Each sweep is run twice: in a closed loop over 16 connections for the throughput, and in an open loop for the latency, at
half the rate that the target reached in its slowest window. Nine in ten tokens are good, each a new one; the tenth has a
broken signature, and every verdict is held against what was owed. Takes about ten minutes; be alone on the machine."""

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# One of each language: the folder in tests/targets, and what tells the version of its run time.
TARGETS = {
    "node-jose": ["node", "--version"],
    "python-pyjwt": [".venv/bin/python", "--version"],
    "go-golang-jwt": ["go", "version"],
    "rust-jsonwebtoken": ["rustc", "--version"],
}
CONNECTIONS = 16
SWEEPS = {
    "algorithms": ("By algorithm", 'alg = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]'),
    "token-size": ("By size of the token (ES256)", "token-bytes = [300, 1024, 4096, 8192, 16384, 32768]"),
    "replay": ("By share of repeated tokens (ES256)", "replay = [0, 50, 90, 100]"),
}
PLAN = """format = "load-plan/1"
[load]
title = "{title}"
why = "A sample for planners."
drive = {drive}
duration = "{ms}ms"
warm-up = "500ms"
tokens = {tokens}
mix = {{ valid = 9, bad-sig = 1 }}
{alg}sweep = {{ {sweep} }}
assert = [{{ of = "good", accepted = ">= 0%", level = "excellent" }}]
"""


def said(command: list[str], folder: Path) -> str:
    """The first line that a program says, or why there is none."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired) as error:
        return f"unknown ({type(error).__name__})"


def field(path: str, name: str) -> str:
    found = re.search(rf"^{name}\s*[:=]\s*(.+)$", Path(path).read_text(), re.MULTILINE)
    return found.group(1).strip().strip('"') if found else "unknown"


def machine(program: str) -> dict:
    return {
        "cpu": field("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory": field("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "system": field("/etc/os-release", "PRETTY_NAME"),
        "gauntlet": said([program, "--version"], ROOT),
        "load-average-before": round(os.getloadavg()[0], 2),
    }


def play(program: str, target: Path, folder: Path, drive: str, options) -> dict[str, list[dict]]:
    """The windows of every sweep."""
    plans = []
    for name, (title, sweep) in SWEEPS.items():
        plan = folder / f"load-{name}.toml"
        alg = "" if name == "algorithms" else 'alg = "ES256"\n'
        text = PLAN.format(
            title=title, drive=drive, ms=int(options.seconds * 1000), tokens=options.tokens, alg=alg, sweep=sweep
        )
        plan.write_text(text)
        plans.append(str(plan))
    out = folder / "out"
    command = [program, "load", str(target), *plans, "--threads", "1", "--seed", "1", "--out", str(out), "--format", "json"]
    done = subprocess.run([*command, "--quiet"], capture_output=True, text=True, timeout=900)
    try:
        run = json.loads((out / "run.json").read_text())
    except OSError:
        sys.exit(f"{target} was not measured, exit code {done.returncode}:\n{done.stderr}")
    if not run["complete"] or len(run["load"]) != len(SWEEPS):
        sys.exit(f"{target} was not measured whole: {run['exit-because']}\n{done.stderr}")
    (out / "run.json").unlink()
    return {plan["id"]: plan["windows"] for plan in run["load"]}


def figures(closed: dict, opened: dict) -> dict:
    """One value of a sweep, from both of its windows."""
    windows = (closed, opened)
    good = [own for own in opened["classes"] if not own["forged"]]
    used = closed.get("target") or {}
    seen = {
        "value": opened["name"],
        "throughput_rps": closed["throughput_rps"],
        "token_validation_ms": {name: opened["token_validation_ms"][name] for name in ("p50", "p99", "max")},
        "payload_size_bytes": opened["payload_size_bytes"],
        "sent": sum(own["sent"] for own in windows),
        "wrong-accepts": sum(own["wrong-accepts"] for own in windows),
        "turned-away-percent": round(
            100 * sum(own["turned-away"] for own in good) / max(1, sum(own["sent"] for own in good)), 1
        ),
        "broken": sum(own["broken"] for window in windows for own in window["classes"]),
        "target-cpu-s-per-million": used.get("cpu-s-per-million"),
        "generator-cpu-percent": closed["generator"]["cpu-percent"],
        "saturated": opened["generator"]["saturated"],
    }
    if "cache_hit_ratio" in opened:
        seen["cache_hit_ratio"] = opened["cache_hit_ratio"]
    return seen


def measure(program: str, name: str, options) -> dict:
    target = options.targets_folder / name / "target.toml"
    with tempfile.TemporaryDirectory() as folder:
        closed = play(program, target, Path(folder), f"{{ connections = {CONNECTIONS} }}", options)
        slowest = min(window["throughput_rps"] for windows in closed.values() for window in windows)
        rate = max(10, int(slowest / 2))
        opened = play(program, target, Path(folder), f'{{ rate = "{rate}/s" }}', options)
    return {
        "name": name,
        "about": field(str(target), "about"),
        "run-time": said(TARGETS[name], target.parent),
        "rate": rate,
        "sweeps": {
            sweep: [figures(one, two) for one, two in zip(closed[sweep], opened[sweep], strict=True)] for sweep in SWEEPS
        },
    }


def cell(seen: dict) -> str:
    text = f"{seen['throughput_rps']:,.0f}/s, {seen['token_validation_ms']['p99']:.1f} ms"
    if seen["turned-away-percent"] > 0:
        text += f" ({seen['turned-away-percent']:g} % turned away)"
    if seen["saturated"]:
        text += " (starts were late)"
    return text


def page(samples: dict) -> str:
    host = samples["machine"]
    lines = [
        "# Four real validators under load",
        "",
        f"{samples['date']}, {host['cpu']}, {host['cores']} processors, {host['memory']} memory, {host['system']}, Linux "
        f"{host['kernel']}, {host['gauntlet']}; load average before {host['load-average-before']}. Generator and target share "
        "the processors. Made by `tests/benches/samples.py`; [all figures](samples.json).",
        "",
        f"Each cell: tokens a second in a closed loop over {CONNECTIONS} connections, and the 99th percentile from the planned "
        f"start to the answer at the rate in the second table, which is half of what the target reached in its slowest "
        f"window. {samples['seconds']:g} s a window. Nine in ten tokens are good, one has a broken signature.",
    ]
    for sweep, (title, _) in SWEEPS.items():
        values = [seen["value"] for seen in samples["targets"][0]["sweeps"][sweep]]
        lines += ["", f"## {title}", "", "| validator | " + " | ".join(values) + " |"]
        lines.append("|---" * (len(values) + 1) + "|")
        for target in samples["targets"]:
            lines.append(f"| {target['name']} | " + " | ".join(map(cell, target["sweeps"][sweep])) + " |")
        if sweep == "algorithms":
            lines += ["", "Processor seconds of the target for a million tokens, and the rate of the latencies:", ""]
            lines.append("| validator | " + " | ".join(values) + " | rate | |")
            lines.append("|---" * (len(values) + 3) + "|")
            for target in samples["targets"]:
                costs = [seen["target-cpu-s-per-million"] for seen in target["sweeps"][sweep]]
                costs = ["unknown" if cost is None else f"{cost:,.0f}" for cost in costs]
                about = f"{target['about']}; {target['run-time']}"
                lines.append(f"| {target['name']} | " + " | ".join(costs) + f" | {target['rate']}/s | {about} |")
    every = [seen for target in samples["targets"] for rows in target["sweeps"].values() for seen in rows]
    total = lambda name: sum(seen[name] for seen in every)
    hits = [(t["name"], s["value"], s["cache_hit_ratio"]) for t in samples["targets"] for s in t["sweeps"]["replay"] if "cache_hit_ratio" in s]
    cached = ", ".join(f"{name} at {value} about {100 * ratio:.0f} %" for name, value, ratio in hits if ratio > 0.2)
    lines += [
        "",
        f"{total('sent'):,} tokens were sent: {total('wrong-accepts')} of the broken ones were accepted, "
        f"{total('broken')} got no usable answer. "
        + (f"Repeated tokens seem to come from a cache: {cached}." if cached else "No validator seems to cache its verdicts."),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gauntlet", help="the release binary")
    parser.add_argument("--seconds", type=float, default=3, help="the length of a window")
    parser.add_argument("--tokens", type=int, default=6000, help="different tokens for a window")
    parser.add_argument("--only", choices=TARGETS, action="append", help="this validator alone; may be repeated")
    parser.add_argument("--targets-folder", type=Path, default=ROOT / "tests/targets", help="where they are installed")
    parser.add_argument("--out", type=Path, default=ROOT / "reports/load")
    options = parser.parse_args()
    options.targets_folder = options.targets_folder.resolve()
    program = str(Path(options.gauntlet).resolve())
    samples = {
        "format": "load-samples/1",
        "date": datetime.date.today().isoformat(),
        "machine": machine(program),
        "seconds": options.seconds,
        "connections": CONNECTIONS,
        "targets": [],
    }
    for name in options.only or TARGETS:
        samples["targets"].append(measure(program, name, options))
        print(f"{name} is measured", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "samples.json").write_text(json.dumps(samples, indent=1) + "\n")
    (options.out / "samples.md").write_text(page(samples))
    print(options.out / "samples.md")


if __name__ == "__main__":
    main()
