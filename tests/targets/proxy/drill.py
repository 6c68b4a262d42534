#!/usr/bin/env python3
"""Drills with a real identity provider on loopback (oidc-provider) and a real validator (jose) whose keys it fetches through
us: its token endpoint under load, an outage, a hidden key, a frozen set while the provider rotates; then `gauntlet proxy` by
hand, with its dead man's switch.

    tests/targets/proxy/drill.py --gauntlet target/release/gauntlet

Says what was seen; ends with 1 where something is not as it should be. Skipped by name without Node.js."""

import argparse
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
wrong = []


def check(what, holds, seen=""):
    print(f"{'ok  ' if holds else 'WRONG'} {what}{': ' if seen != '' else ''}{seen}", flush=True)
    if not holds:
        wrong.append(what)


def ask(method, url, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()
    except OSError as error:
        return f"failed: {error}"


def play(gauntlet, scenario, out, on_step=None):
    """Plays a scenario of the catalogue on the validator; what it was judged as. `on_step` is asked about the log of events as
    it grows, until it says yes."""
    command = [gauntlet, "chaos", "target.toml", "--only", scenario, "--out", out, "--seed", "7", "--format", "html,junit"]
    events = pathlib.Path(out) / "events.ndjson"
    with tempfile.TemporaryFile("w+") as printed:
        child = subprocess.Popen(command, cwd=HERE, stderr=printed, text=True)
        while child.poll() is None:
            time.sleep(0.1)
            if on_step and events.exists() and on_step(events.read_text()):
                on_step = None
        printed.seek(0)
        texts = [path.read_text(errors="replace") for path in pathlib.Path(out).iterdir()] + [printed.read()]
    check(f"{scenario}: no token is written anywhere", not any(re.search(r"eyJ[\w-]{20,}\.", text) for text in texts))
    result = json.loads((pathlib.Path(out) / "run.json").read_text())["scenarios"][0]
    for claim in result["assertions"]:
        if claim["level"] == "must" and claim["outcome"] not in ("skip", "pass"):
            print(f"     {claim['name']}: {claim['outcome']}: {claim['because']}")
    return result


def claim(result, text):
    return next((c for c in result["assertions"] if text in c["name"]), {"outcome": "absent", "observed": "nothing"})


def streams(result):
    return {s["name"]: (s["accepted"], s["rejected"]) for s in result["streams"]}


def drills(gauntlet, issuer, folder):
    result = play(gauntlet, "outage-past-ttl", f"{folder}/outage")
    facts = result["facts"]
    check("outage: the provider's own tokens were taken before it", streams(result)["valid[k1]"][0] > 100, streams(result)["valid[k1]"])
    # jose gives a key set up when it is too old: good tokens are refused until the outage is over, and then taken again.
    check("outage: survived for about a lifetime", 1 < facts["survived"]["seconds"] < 6, f"{facts['survived']['seconds']:.1f} s")
    check("outage: it recovers", claim(result, "recovery <=")["outcome"] == "pass", claim(result, "recovery <=")["observed"])
    check("outage: no forged token was taken", facts["forged"][1] == 0, f"{facts['forged'][1]} of {facts['forged'][0]}")

    result = play(gauntlet, "hidden-key", f"{folder}/hide")
    last = claim(result, "last-accept <= 1.1R")
    check("hide: the hidden key is forgotten within the bound", last["outcome"] == "pass", last["observed"])
    back = claim(result, "time-to-accept <= 1.1T")
    check("hide: it is taken again when it is shown", back["outcome"] == "pass", back["observed"])

    rotated = []

    def rotate(events):
        if "freeze" in events and not rotated:
            rotated.append(ask("POST", f"{issuer}/rotate"))
        return bool(rotated)

    result = play(gauntlet, "frozen-set", f"{folder}/freeze", rotate)
    check("freeze: the provider rotated meanwhile", bool(rotated), rotated)
    seen = streams(result)
    check("freeze: its tokens by the new key came", "valid[k2]" in seen, seen.get("valid[k2]"))
    new = claim(result, "good[k2]: accepted = 0")
    refused = [s for s in result["streams"] if s["name"] == "valid[k2]" and s["rejected"] > 0]
    check("freeze: they were refused while the set was frozen", bool(refused), new["observed"])
    taken = claim(result, "time-to-accept <= 1.1T")
    check("freeze: the new key is taken when the set is fresh", taken["outcome"] == "pass", taken["observed"])


def by_hand(gauntlet, issuer):
    before = len(json.loads(ask("GET", f"{issuer}/asked")))
    child = subprocess.Popen([gauntlet, "proxy", issuer], stderr=subprocess.PIPE, text=True)
    named = {}
    while "control" not in named:
        line = child.stderr.readline()
        if not line:
            break
        name, _, value = line.strip().partition(" ")
        named[name] = value.strip()
        if name == "key":
            named["key set"] = value.strip().removeprefix("set").strip()
    control, jwks = named["control"].removesuffix("/state"), named["key set"]
    kids = lambda: [key["kid"] for key in json.loads(ask("GET", jwks))["keys"]]  # noqa: E731
    all_kids = kids()
    check("proxy: without orders it serves what the provider serves", all_kids == [k["kid"] for k in json.loads(ask("GET", f"{issuer}/jwks"))["keys"]], all_kids)
    before += 1
    ask("POST", f"{control}/keys/unpublish", {"key": all_kids[0]})
    check("proxy: a hidden key is left out", kids() == all_kids[1:], kids())
    ask("PUT", f"{control}/faults/jwks", {"fault": {"status": {"code": 503}}})
    check("proxy: a fault is met", ask("GET", jwks).startswith("failed: HTTP Error 503"))
    began = time.monotonic()
    while ask("GET", jwks).startswith("failed") and time.monotonic() - began < 30:
        time.sleep(0.2)
    took = time.monotonic() - began
    check("proxy: without a heartbeat everything is as it was after ten seconds", 8 < took < 13 and kids() == all_kids, f"{took:.1f} s")
    for _ in range(300):
        ask("GET", jwks)
    time.sleep(21)
    child.terminate()
    child.wait()
    asked = json.loads(ask("GET", f"{issuer}/asked"))[before:]
    gaps = [(later - earlier) / 1000 for earlier, later in zip(asked, asked[1:])]
    check("proxy: the provider was asked at most once in ten seconds", len(asked) >= 3 and min(gaps) > 9.9, [f"{gap:.1f}" for gap in gaps])


def load(gauntlet, folder):
    plans = ["issuance", "refresh", "--rate", "20/s", "--duration", "3s"]
    command = [gauntlet, "load", "target.toml", *plans, "--out", folder, "--format", "html"]
    ended = subprocess.run(command, cwd=HERE, stderr=subprocess.PIPE, text=True)
    texts = [path.read_text(errors="replace") for path in pathlib.Path(folder).iterdir()] + [ended.stderr]
    check("load: neither tokens nor secrets are written anywhere", not any(re.search(r"eyJ[\w-]{20,}\.", text) or os.environ["CLIENT_SECRET"] in text for text in texts))
    for result in json.loads((pathlib.Path(folder) / "run.json").read_text())["load"]:
        window = result["windows"][0]
        musts = [gate["outcome"] for gate in result["gates"] if gate["level"] == "must"]
        seen = f"{window['answered']} of {window['sent']}, {window['payload_size_bytes']} bytes, p95 {window['token_validation_ms']['p95']} ms"
        check(f"load: {result['id']}: every token came", musts == ["pass"] and window["sent"] == window["answered"], seen)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gauntlet", type=pathlib.Path, required=True)
    args = arguments.parse_args()
    if not shutil.which("node"):
        print("skipped: proxy drills (no node)")
        return
    subprocess.run([HERE / "install.sh"], check=True)
    os.environ["CLIENT_SECRET"] = secrets.token_urlsafe(24)
    provider = subprocess.Popen(["node", "provider.mjs"], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        issuer = provider.stdout.readline().strip()
        while not issuer.startswith("http"):
            issuer = provider.stdout.readline().strip()
        os.environ["ISSUER"] = issuer
        gauntlet = str(args.gauntlet.resolve())
        with tempfile.TemporaryDirectory() as folder:
            load(gauntlet, f"{folder}/load")
            drills(gauntlet, issuer, folder)
        by_hand(gauntlet, issuer)
    finally:
        provider.kill()
        provider.wait()
    if wrong:
        sys.exit(f"{len(wrong)} not as they should be: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
