#!/usr/bin/env python3
"""A game day with Debian's Prometheus and Alertmanager on loopback: Prometheus scrapes gauntlet while a drill goes on, an alert
fires and reaches gauntlet's webhook, a guard that asks Prometheus heals, and the hand-over says how long it took.

    tests/targets/game-day/drill.py --gauntlet target/release/gauntlet

Skipped by name without prometheus, prometheus-alertmanager, promtool or node."""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ["prometheus", "prometheus-alertmanager", "promtool", "node"]
wrong = []


def check(what, holds, seen=""):
    print(f"{'ok  ' if holds else 'WRONG'} {what}{': ' if seen != '' else ''}{seen}", flush=True)
    if not holds:
        wrong.append(what)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url, data=None):
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=5) as answer:
        return answer.read().decode()


def eventually(what, holds, within=40):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if found := holds():
                return found
        except (OSError, KeyError, IndexError, ValueError):
            pass
        time.sleep(0.2)
    check(what, False)
    return None


def query(prometheus, text):
    answer = json.loads(ask(f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": text})))
    return float(answer["data"]["result"][0]["value"][1])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gauntlet", type=pathlib.Path, required=True)
    args = arguments.parse_args()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f"skipped: game day (no {', '.join(missing)})")
        return
    subprocess.run([HERE.parent / "proxy" / "install.sh"], check=True)
    ports = {name: free_port() for name in ["metrics", "control", "prometheus", "alertmanager"]}
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    started = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "rules.yml").write_text(
            "groups: [{name: drill, interval: 1s, rules: [{alert: TokensRefused, "
            "expr: gauntlet_success_ratio < 0.9, for: 1s}]}]\n"
        )
        (folder / "prometheus.yml").write_text(
            f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n"
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{at['alertmanager']}']}}]}}]}}\n"
            f"scrape_configs: [{{job_name: gauntlet, static_configs: [{{targets: ['{at['metrics']}']}}]}}]\n"
        )
        (folder / "alertmanager.yml").write_text(
            "route: {receiver: drill, group_wait: 0s, group_interval: 1s}\n"
            f"receivers: [{{name: drill, webhook_configs: [{{url: 'http://{at['control']}/alerts'}}]}}]\n"
        )
        checked = subprocess.run(["promtool", "check", "config", folder / "prometheus.yml"], capture_output=True, text=True)
        check("promtool takes our configuration", checked.returncode == 0, checked.stderr.strip())
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        try:
            started.append(subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address={at['prometheus']}"], **quiet))
            started.append(subprocess.Popen(
                ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/am",
                 f"--web.listen-address={at['alertmanager']}", "--cluster.listen-address="], **quiet))
            prometheus = f"http://{at['prometheus']}"
            for name in ["prometheus", "alertmanager"]:
                eventually(f"{name} comes up", lambda: ask(f"http://{at[name]}/-/ready"))
            os.environ["PROMETHEUS"] = prometheus
            out = folder / "out"
            drill = subprocess.Popen(
                [args.gauntlet.resolve(), "chaos", "target.toml", "--scenarios", "scenarios", "--game-day", "--metrics",
                 at["metrics"], "--control", at["control"], "--out", out, "--seed", "7"],
                cwd=HERE, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            started.append(drill)
            lead(drill, at, prometheus)
            printed = drill.stderr.read()
            code = drill.wait(timeout=90)
            judge(out, printed, code)
        finally:
            for child in started:
                if child.poll() is None:
                    child.send_signal(signal.SIGTERM)
                    child.wait(timeout=20)
    if wrong:
        sys.exit(f"{len(wrong)} not as they should be: {', '.join(wrong)}")


def lead(drill, at, prometheus):
    """Waits for the cue, and says go once Prometheus sees us."""
    state = lambda: json.loads(ask(f"http://{at['control']}/control/state"))["scenarios"]  # noqa: E731
    asked = eventually("the cue comes", lambda: state()[0]["asks"])
    check("a cue waits for people", asked == "is everybody there?", asked)
    scraped = eventually("Prometheus scrapes us", lambda: query(prometheus, 'sum(gauntlet_tokens_total{outcome="accepted"})'))
    check("Prometheus has our figures", bool(scraped), scraped)
    eventually("the shares are there", lambda: "gauntlet_success_ratio{" in ask(f"http://{at['metrics']}/metrics"))
    text = ask(f"http://{at['metrics']}/metrics")
    linted = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    check("promtool has nothing to say about them", linted.returncode == 0, linted.stdout.strip() or linted.stderr.strip())
    families = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    wanted = {"gauntlet_tokens_total", "gauntlet_success_ratio", "gauntlet_unauthorized_ratio", "gauntlet_response_seconds",
              "gauntlet_jwks_fetches_total"}
    check("every family is there", wanted <= families, sorted(families))
    drill.stdin.write("g")
    drill.stdin.flush()


def judge(out, printed, code):
    run = json.loads((out / "run.json").read_text())
    result = run["scenarios"][0]
    handover = (out / "handover.md").read_text()
    orders = [(o["do"], o["by"]) for o in result.get("operations", [])]
    check("who said go is written down", any(do == "go" and "keys" in by for do, by in orders), orders)
    check("the guard that asks Prometheus healed", any(do == "heal" and "guard" in by for do, by in orders))
    firing = [a for a in result.get("alerts", []) if a["firing"]]
    check("Alertmanager reached our webhook", bool(firing), firing[:1])
    found = re.search(r"Time to detect: ([\d.]+) s", handover)
    check("the hand-over says how long it took to detect", bool(found), found and found[0])
    check("the error budget is in it", "minutes in thirty days" in handover)
    check("what to mend is in it", "### What to mend" in handover)
    moved = [m["name"] for m in result.get("own-metrics", []) if "outage" in m.get("moved", [])]
    check("the target's own metrics moved in the outage", bool(moved), moved)
    check("a status line for each stream", "valid[k1]" in printed and "taken of the last" in printed)
    check("recovery was judged", code == 0, code)
    print(handover)


if __name__ == "__main__":
    main()
