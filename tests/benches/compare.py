#!/usr/bin/env python3
"""Compares load generators in one session: wrk, wrk with Lua, oha where it is installed, and gauntlet, in turns, each on
one processor with 64 connections against the cheapest server, which runs on another one. Prints every round, the medians,
and ratios. Read the ratios and the processor time for 100,000 requests: a busy machine moves the rates far more.

    cargo build --release && tests/benches/compare.py target/release/gauntlet
"""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PLAN = """format = "load-plan/1"
[load]
title = "Good tokens, as fast as they are answered"
why = "To compare generators."
drive = { connections = 64 }
assert = [{ of = "all", broken = "= 0", level = "must" }]
"""

TARGET = """format = "target/1"
[target]
name = "yardstick"
[transport.bearer]
url = "URL/"
[trust]
keys = "jwks-uri"
audience = "https://orders.example"
algorithms = ["ES256"]
"""

LUA = """local requests, place = {}, 0
for line in io.lines("TOKENS") do
  requests[#requests + 1] = "GET / HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer " .. line .. "\\r\\n\\r\\n"
end
request = function()
  place = place % #requests + 1
  return requests[place]
end
"""


def run(command: list[str], core: int) -> tuple[str, float]:
    """Its output, and the processor seconds that it used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["taskset", "-c", str(core), *command], capture_output=True, text=True, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.stdout + done.stderr, used


def wrk(arguments: list[str], url: str, seconds: int, core: int) -> tuple[float, float]:
    text, used = run(["wrk", "-t1", "-c64", f"-d{seconds}s", *arguments, f"{url}/"], core)
    total = int(re.search(r"(\d+) requests in", text).group(1))
    if "Non-2xx" in text:
        sys.exit(f"the server refused tokens of wrk:\n{text}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), used * 1e5 / total


def oha(token: str, url: str, seconds: int, core: int) -> tuple[float, float]:
    command = ["oha", "--no-tui", "--output-format", "json", "-c", "64", "-z", f"{seconds}s"]
    text, used = run([*command, "-H", f"Authorization: Bearer {token}", f"{url}/"], core)
    found = json.loads(text[text.index("{") : text.rindex("}") + 1])
    rate = found["summary"]["requestsPerSec"]
    return rate, used * 1e5 / (rate * seconds)


def gauntlet(program: str, folder: Path, tokens: int, seconds: int, core: int) -> tuple[float, float]:
    out = folder / "out"
    command = [program, "load", str(folder / "target.toml"), str(folder / "plain.toml"), "--tokens", str(tokens)]
    command += ["--alg", "ES256", "--duration", f"{seconds}s", "--threads", "1", "--out", str(out), "--quiet"]
    text, _ = run(command, core)
    try:
        window = json.loads((out / "run.json").read_text())["load"][0]["windows"][0]
    except (OSError, KeyError, IndexError):
        sys.exit(f"gauntlet broke off:\n{text}")
    # Keys, minting and reports lie outside the window; wrk reads its tokens inside the time that is counted for it.
    return window["throughput_rps"], window["generator"]["cpu-s-per-100k"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gauntlet", help="the release binary")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=100_000)
    options = parser.parse_args()
    if os.cpu_count() < 2:
        sys.exit("one processor for the server and one for the client are wanted, found one")
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed: apt-get install wrk")
    program = str(Path(options.gauntlet).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = subprocess.Popen(
            ["taskset", "-c", "0", program, "serve", "--yardstick"], stderr=subprocess.PIPE, text=True
        )
        try:
            url = server.stderr.readline().split()[-1]
            (folder / "plain.toml").write_text(PLAN)
            (folder / "target.toml").write_text(TARGET.replace("URL", url))
            tokens = folder / "tokens.txt"
            mint = [program, "forge", "access-token", "--alg", "ES256", "--count", str(options.tokens)]
            subprocess.run([*mint, "--out", str(tokens), "--quiet"], check=True)
            (folder / "tokens.lua").write_text(LUA.replace("TOKENS", str(tokens)))
            with tokens.open() as lines:
                token = lines.readline().strip()
            one, many = "one token", f"{options.tokens} tokens"
            seconds = options.seconds
            tools = {
                f"wrk, {one}": lambda: wrk(["-H", f"Authorization: Bearer {token}"], url, seconds, 1),
                f"gauntlet, {one}": lambda: gauntlet(program, folder, 1, seconds, 1),
                f"wrk+Lua, {many}": lambda: wrk(["-s", str(folder / "tokens.lua")], url, seconds, 1),
                f"gauntlet, {many}": lambda: gauntlet(program, folder, options.tokens, seconds, 1),
            }
            if shutil.which("oha"):
                tools[f"oha, {one}"] = lambda: oha(token, url, seconds, 1)
            else:
                print("oha is not installed: left out")
            seen = {tool: [] for tool in tools}
            for number in range(options.rounds):
                for tool, play in tools.items():
                    rate, used = play()
                    seen[tool].append((rate, used))
                    print(f"round {number + 1}  {tool:<24} {rate:>10.0f}/s  {used:.3f} processor seconds per 100k", flush=True)
        finally:
            server.terminate()
            server.wait()
    print()
    middle = {tool: tuple(statistics.median(column) for column in zip(*rows)) for tool, rows in seen.items()}
    for tool, (rate, used) in middle.items():
        print(f"median   {tool:<24} {rate:>10.0f}/s  {used:.3f} processor seconds per 100k")
    for ours, theirs in [(f"gauntlet, {one}", f"wrk, {one}"), (f"gauntlet, {many}", f"wrk+Lua, {many}"), (f"gauntlet, {one}", f"oha, {one}")]:
        if theirs in middle:
            rate = statistics.median(a[0] / b[0] for a, b in zip(seen[ours], seen[theirs]))
            used = statistics.median(a[1] / b[1] for a, b in zip(seen[ours], seen[theirs]))
            print(f"ratio    {ours} / {theirs}: rate {rate:.2f}x, processor {used:.2f}x")


if __name__ == "__main__":
    main()
