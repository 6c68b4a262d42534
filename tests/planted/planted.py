#!/usr/bin/env python3
"""Plants single defects in copies of the libraries of real targets, runs gauntlet against each, and says which of them
it notices. A defect is noticed if the run turns red where it was not, or if a finding differs from those of the library as
it is. Misses must be explained in explained.toml.

planted.py [--gauntlet FILE] [--library TARGET] [--only TEXT] [--jobs N] [--list]"""

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from defects import KINDS, Defect, enumerate_defects

HERE = Path(__file__).parent
TARGETS = HERE.parent / "targets"

# What a run must notice at least, of the defects that change what the target does.
WANTED_SHARE = 0.95


@dataclass
class Run:
    """What a run found: the exit code, and outcome and observation of every finding."""

    exit: int
    findings: dict[str, tuple[str, str]]


@dataclass
class Library:
    """A package to plant defects in, and the target that uses it."""

    target: str
    package: str
    source: Path
    defects: list[tuple[str, Defect]]


def load(table: dict) -> Library:
    site = sorted((TARGETS / table["target"] / ".venv/lib").glob("python*/site-packages"))
    source = site[-1] / table["package"] if site else None
    if source is None or not source.is_dir():
        sys.exit(f"{table['target']} is not installed: run tests/targets/install.sh")
    found = []
    for module, functions in table["functions"].items():
        text = (source / module).read_text()
        found += [(module, defect) for defect in enumerate_defects(module, text, functions)]
    return Library(table["target"], table["package"], source, found)


def run(gauntlet: str, library: Library, packages: Path) -> Run:
    """One run of the target with the packages of this folder before the installed ones."""
    environment = dict(os.environ, PYTHONPATH=str(packages), PYTHONDONTWRITEBYTECODE="1")
    with tempfile.TemporaryDirectory() as out:
        command = [gauntlet, "run", str(TARGETS / library.target / "target.toml"), "--seed", "7", "--max-time", "2m"]
        command += ["--format", "json", "--quiet", "--out", out]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        try:
            report = json.loads((Path(out) / "run.json").read_text())
        except FileNotFoundError:
            return Run(done.returncode, {})
    findings = {
        finding["id"]: (finding["outcome"], finding["observed"])
        for case in report["cases"]
        for finding in case["findings"]
    }
    return Run(done.returncode, findings)


def differences(clean: Run, planted: Run, unsteady: set[str]) -> list[str]:
    """The findings that differ, in the order of their names."""
    names = sorted(clean.findings.keys() | planted.findings.keys())
    return [n for n in names if n not in unsteady and clean.findings.get(n) != planted.findings.get(n)]


def verdict(clean: Run, planted: Run, changed: list[str]) -> str | None:
    """How a defect was noticed; None where it was not."""
    if not planted.findings:
        return "the target does not start or refuses every token"
    worse = [name for name in changed if planted.findings.get(name, ("", ""))[0] in ("fail", "warn", "inconclusive")]
    if planted.exit not in (0, clean.exit):
        return f"exit {planted.exit}"
    if worse:
        return f"{len(worse)} worse, such as {worse[0]}"
    if changed:
        return f"{len(changed)} other, such as {changed[0]}"
    return None


class Workshop:
    """Copies of a package, one for each job, in which defects are planted one at a time."""

    def __init__(self, library: Library, jobs: int, folder: Path):
        self.library = library
        self.benches: queue.Queue[Path] = queue.Queue()
        for number in range(jobs):
            bench = folder / str(number)
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(library.source, bench / library.package, ignore=ignored)
            self.benches.put(bench)

    def plant_and_run(self, gauntlet: str, module: str, defect: Defect | None) -> Run:
        bench = self.benches.get()
        file = bench / self.library.package / module
        whole = file.read_text() if defect else ""
        try:
            if defect:
                file.write_text(defect.source)
            return run(gauntlet, self.library, bench)
        finally:
            if defect:
                file.write_text(whole)
            self.benches.put(bench)


def examine(library: Library, options: argparse.Namespace, results: dict[str, str | None]) -> None:
    chosen = [(module, defect) for module, defect in library.defects if options.only in defect.name]
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(library, options.jobs, Path(folder))
        clean = workshop.plant_and_run(options.gauntlet, "", None)
        again = workshop.plant_and_run(options.gauntlet, "", None)
        if not clean.findings:
            sys.exit(f"{library.target} does not run as it is")
        unsteady = set(differences(clean, again, set()))
        for name in sorted(unsteady):
            print(f"unsteady, not compared: {name}")
        lock = threading.Lock()

        def one(pair: tuple[str, Defect]) -> None:
            module, defect = pair
            planted = workshop.plant_and_run(options.gauntlet, module, defect)
            how = verdict(clean, planted, differences(clean, planted, unsteady))
            with lock:
                results[f"{library.package}/{defect.name}"] = how
                print(f"{'noticed' if how else 'MISSED '}  {library.package}/{defect.name}" + (f"  [{how}]" if how else ""), flush=True)

        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(one, chosen))


def conclude(results: dict[str, str | None], explained: dict[str, dict], all_known: set[str]) -> int:
    """Prints the sum and returns the exit code."""
    missed = [name for name, how in results.items() if how is None]
    complaints = [f"missed and not explained: {name}" for name in missed if name not in explained]
    complaints += [f"explained but noticed: {name}" for name in explained if results.get(name)]
    complaints += [f"explained but not planted: {name}" for name in explained if name not in all_known]
    # A defect that changes nothing that anybody could see is no defect.
    idle = [name for name in missed if explained.get(name, {}).get("kind") in ("equivalent", "unreachable")]
    effective = len(results) - len(idle)
    noticed = len(results) - len(missed)
    share = noticed / effective if effective else 1.0
    print(f"\n{len(results)} planted, {noticed} noticed, {len(missed)} missed, of these {len(idle)} without effect")
    print(f"{noticed} of {effective} with effect: {100 * share:.1f} %")
    if share < WANTED_SHARE:
        complaints.append(f"less than {100 * WANTED_SHARE:.0f} % were noticed")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gauntlet", default=str(HERE.parents[1] / "target/release/gauntlet"), help="the binary")
    parser.add_argument("--library", default="", help="only the library of this target")
    parser.add_argument("--only", default="", help="only defects whose name holds this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at the same time")
    parser.add_argument("--list", action="store_true", help="name the defects and plant none")
    options = parser.parse_args()

    tables = tomllib.loads((HERE / "libraries.toml").read_text())["library"]
    libraries = [load(table) for table in tables if options.library in ("", table["target"])]
    entries = tomllib.loads((HERE / "explained.toml").read_text()).get("explained", [])
    explained = {entry["defect"]: entry for entry in entries}
    all_known = {f"{library.package}/{defect.name}" for library in libraries for _, defect in library.defects}
    if options.list:
        for name in sorted(all_known):
            print(name)
        print(f"{len(all_known)} defects; " + "; ".join(f"{kind}: {about}" for kind, about in KINDS.items()))
        return 0

    results: dict[str, str | None] = {}
    for library in libraries:
        examine(library, options, results)
    if options.only or options.library:
        explained = {name: entry for name, entry in explained.items() if name in results}
    return conclude(results, explained, all_known)


if __name__ == "__main__":
    sys.exit(main())
