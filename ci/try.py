#!/usr/bin/env python3
"""Tries the recipes of this folder as far as that goes without their hosts: a shell script, a GitHub action and a GitLab job,
each on a target that must be red and on one that must be green. Wants PyYAML.

    ci/try.py --gauntlet target/release/gauntlet [RED GREEN [OPTION...]]
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent


def play(script, shell, folder, environment):
    """One step in a folder of its own, with nothing of the caller's pipeline around it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    ended = subprocess.run(
        [*shell, script], cwd=folder, env=kept | environment, capture_output=True, text=True, timeout=900
    )
    return ended


def reports(folder):
    return {path.name for path in (folder / "gauntlet-report").glob("*")}


def shell_script(gauntlet, target, options, folder):
    summary = folder / "step-summary.md"
    environment = {"GAUNTLET": gauntlet, "GITHUB_STEP_SUMMARY": str(summary)}
    command = " ".join(["exec", f"'{ROOT}/ci/gauntlet.sh'", f"'{target}'", *(f"'{option}'" for option in options)])
    ended = play(command, ["sh", "-c"], folder, environment)
    return ended, {"summary": summary.read_text() if summary.exists() else ""}


def github_action(gauntlet, target, options, folder):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    steps = {step.get("id", step["name"]): step for step in action["runs"]["steps"]}
    for step in steps.values():
        assert "shell" in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]), step
        assert "${{" not in step.get("run", ""), "an expression inside a script is an injection"
    values = {name: str(given["default"]) for name, given in action["inputs"].items() if "default" in given}
    values |= {"target": target, "options": "\n".join(options)}

    def fill(text):
        text = re.sub(r"\${{ inputs\.([\w-]+) }}", lambda found: values[found[1]], text)
        text = text.replace("${{ github.action_path }}", str(ROOT)).replace("${{ runner.tool_cache }}", str(folder / "cache"))
        assert "${{" not in text, text
        return text

    files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    environment = {name: fill(value) for name, value in steps["run"]["env"].items()}
    environment |= {name: str(path) for name, path in files.items()} | {"GAUNTLET": gauntlet}
    shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c"]
    ended = play(steps["run"]["run"], shell, folder, environment)
    assert files["GITHUB_OUTPUT"].read_text() == f"exit-code={ended.returncode}\n"
    return ended, {"summary": files["GITHUB_STEP_SUMMARY"].read_text() if files["GITHUB_STEP_SUMMARY"].exists() else ""}


def gitlab_job(gauntlet, target, options, folder):
    job = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text())[".gauntlet"]
    assert job["artifacts"]["when"] == "always" and job["cache"]["paths"] == [".gauntlet/bin"]
    # What the cache brings.
    (folder / ".gauntlet/bin").mkdir(parents=True)
    shutil.copy(gauntlet, folder / ".gauntlet/bin/gauntlet")
    environment = {name: str(value) for name, value in job["variables"].items()}
    environment |= {"GAUNTLET_TARGET": target, "GAUNTLET_OPTIONS": " ".join(options)}
    return play("\n".join(job["script"]), ["sh", "-e", "-c"], folder, environment), None


def checked_by_shellcheck():
    if not shutil.which("shellcheck"):
        print("skipped: shellcheck is not installed")
        return
    scripts = [str(path) for path in (ROOT / "ci").glob("*.sh")]
    subprocess.run(["shellcheck", *scripts], check=True)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        if "run" in step:
            subprocess.run(["shellcheck", "--shell=bash", "-"], input=step["run"], text=True, check=True)
    print("shellcheck has nothing to say")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gauntlet", required=True)
    arguments.add_argument("targets", nargs="*")
    known, options = arguments.parse_known_args()
    gauntlet = str(pathlib.Path(known.gauntlet).resolve())
    red, green = known.targets or ["builtin:alg-none", "builtin:strict"]
    if not known.targets:
        options = ["--only=algorithm/alg-none*"]
    absolute = lambda target: target if target.startswith("builtin:") else str(pathlib.Path(target).resolve())
    checked_by_shellcheck()
    wrong = 0
    for recipe in (shell_script, github_action, gitlab_job):
        for target, wanted in ((absolute(red), 1), (absolute(green), 0)):
            with tempfile.TemporaryDirectory() as place:
                folder = pathlib.Path(place)
                ended, more = recipe(gauntlet, target, options, folder)
                found = reports(folder)
                complaints = []
                if ended.returncode != wanted:
                    complaints.append(f"wanted exit code {wanted}, found {ended.returncode}\n{ended.stdout}{ended.stderr}")
                if not {"run.json", "report.html", "junit.xml"} <= found:
                    complaints.append(f"wanted the reports, found {sorted(found)}")
                if more is not None and not more["summary"].strip():
                    complaints.append("wanted a summary of the job, found none")
                name = f"{recipe.__name__} on {target}"
                print(f"{name}: {'; '.join(complaints) or ('red' if wanted else 'green') + ', as it should be'}")
                wrong += bool(complaints)
    print(f"{6 - wrong} passed, {wrong} failed")
    sys.exit(1 if wrong else 0)


main()
