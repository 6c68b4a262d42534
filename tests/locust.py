#!/usr/bin/env python3
"""Runs a real Locust master with workers of ours on loopback, and compares its totals with ours; then kills the master and
starts it again, and sees that the workers come back. With --beside it also runs Locust's own FastHttpUser against the same
server.

    pip install locust && tests/locust.py target/release/gauntlet
"""

import argparse
import csv
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

OWN_USER = """from locust import FastHttpUser, constant, task
TOKENS = open("TOKENFILE").read().split()

class Own(FastHttpUser):
    wait_time = constant(0)
    place = 0

    @task
    def send(self):
        Own.place = (Own.place + 1) % len(TOKENS)
        self.client.get("/", headers={"Authorization": "Bearer " + TOKENS[Own.place]})
"""


class Started:
    """A process whose lines on stderr can be waited for."""

    def __init__(self, command: list[str], folder: Path):
        self.lines: list[str] = []
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def says(self, pattern: str, within: float = 60.0, since: int = 0) -> str:
        until = time.monotonic() + within
        while time.monotonic() < until:
            for line in self.lines[since:]:
                if re.search(pattern, line):
                    return line
            time.sleep(0.05)
        sys.exit(f"{pattern!r} was not said within {within}s:\n" + "\n".join(self.lines))

    def end(self, sign: int = signal.SIGINT, within: float = 60.0) -> None:
        if self.process.poll() is None:
            self.process.send_signal(sign)
        self.process.wait(within)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def total(folder: Path, prefix: str) -> tuple[int, int, float]:
    """Requests, failures and requests in a second, as the master's table has them."""
    with (folder / f"{prefix}_stats.csv").open() as table:
        row = [row for row in csv.DictReader(table) if row["Name"] == "Aggregated"][0]
    return int(row["Request Count"]), int(row["Failure Count"]), float(row["Requests/s"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gauntlet", help="the binary")
    parser.add_argument("--locust", default="locust", help="the program `locust`")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--users", type=int, default=64)
    parser.add_argument("--beside", action="store_true", help="also run Locust's own FastHttpUser")
    options = parser.parse_args()
    locust = shutil.which(options.locust) or sys.exit(f"{options.locust} is not installed: pip install locust")
    program = str(Path(options.gauntlet).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "locustfile.py"
        file.write_text(subprocess.run([program, "worker", "--print-locustfile"], capture_output=True, text=True, check=True).stdout)
        server = Started([program, "serve", "--yardstick"], folder)
        url = server.says("yardstick").split()[-1]
        (folder / "target.toml").write_text(
            f'format = "target/1"\n[target]\nname = "yardstick"\n[transport.bearer]\nurl = "{url}/"\n'
            '[trust]\nkeys = "jwks-uri"\naudience = "https://orders.example"\nalgorithms = ["ES256"]\n'
        )
        (folder / "plan.toml").write_text(
            'format = "load-plan/1"\n[load]\ntitle = "Good tokens"\nwhy = "To compare totals."\n'
            'assert = [{ broken = "= 0", level = "must" }]\n'
        )
        port = free_port()

        def master(prefix: str, seconds: int, workers: int, text: Path = file) -> Started:
            command = [locust, "-f", str(text), "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port)]
            command += ["--headless", "-u", str(options.users), "-r", str(options.users), "-t", f"{seconds}s"]
            command += ["--expect-workers", str(workers), "--csv", prefix, "--stop-timeout", "5", "-H", url]
            return Started(command, folder)

        def worker(number: int) -> Started:
            command = [program, "worker", "target.toml", "plan.toml", "--locust", f"127.0.0.1:{port}"]
            return Started([*command, "--out", f"worker-{number}", "--tokens", "20000"], folder)

        try:
            first = master("first", options.seconds, 2)
            workers = [worker(number) for number in (1, 2)]
            first.process.wait(options.seconds + 120)
            for own in workers:
                own.process.wait(60)
            theirs, failures, rate = total(folder, "first")
            runs = [json.loads((folder / f"worker-{number}/run.json").read_text()) for number in (1, 2)]
            ours = sum(window["sent"] for run in runs for window in run["load"][0]["windows"])
            print(f"the master counts {theirs} requests and {failures} failures, {rate:.0f} a second; our workers sent {ours}")
            if theirs != ours or failures:
                sys.exit("the totals differ")

            workers = [worker(number) for number in (3, 4)]
            killed = master("killed", 600, 2)
            for own in workers:
                own.says("the master knows us")
                own.says(r"\d+ users")
            killed.end(signal.SIGKILL)
            before = [len(own.lines) for own in workers]
            for own in workers:
                own.says("the master is gone")
            again = master("again", 5, 2)
            for own, since in zip(workers, before):
                own.says("the master knows us", since=since)
            again.process.wait(120)
            for own in workers:
                own.process.wait(60)
            print(f"a killed master was started again, and both workers came back: {total(folder, 'again')[0]} requests")

            if options.beside:
                subprocess.run(
                    [program, "forge", "--alg", "ES256", "--count", "20000", "--out", str(folder / "tokens.txt"), "--quiet"],
                    check=True,
                )
                own = folder / "own.py"
                own.write_text(OWN_USER.replace("TOKENFILE", str(folder / "tokens.txt")))
                command = [locust, "-f", str(own), "--headless", "-u", str(options.users), "-r", str(options.users)]
                beside = Started([*command, "-t", f"{options.seconds}s", "--csv", "beside", "-H", url], folder)
                beside.process.wait(options.seconds + 120)
                slow = total(folder, "beside")[2]
                print(f"Locust's FastHttpUser beside it: {slow:.0f} a second; ours {rate / slow:.1f} times as many")
        finally:
            server.end(signal.SIGTERM)


if __name__ == "__main__":
    main()
