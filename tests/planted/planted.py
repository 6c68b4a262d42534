#!/usr/bin/env python3
"""Plants single defects in copies of the libraries of real targets, runs gauntlet against each, and says which of them
it notices. A defect is noticed if the run turns red where it was not, or if a finding differs from those of the library as
it is. Only code that a full run reaches is changed. Misses must be explained in explained.toml."""

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from defects import Defect, enumerate_defects

HERE = Path(__file__).parent
TARGETS = HERE.parent / "targets"

# What a run must notice at least, of the defects that change what the target does.
WANTED_SHARE = 0.95

# The suite in two parts: what is quick and notices most defects, and, where that noticed nothing, all else.
QUICK = ("acceptance", "algorithm", "claims", "encoding", "header", "json", "signature")
STAGES = (
    [word for family in QUICK for word in ("--only", f"{family}/*")],
    [word for family in QUICK for word in ("--skip", f"{family}/*")],
)

# The exit code of a run that --max-time ended: what it did not get to is no difference.
OUT_OF_TIME = 5

# Kinds of explanation that say that a defect is none: see README.md.
WITHOUT_EFFECT = ("equivalent", "configuration")


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


def run(gauntlet: str, library: Library, packages: Path, stage: list[str], trace: Path | None = None) -> Run:
    """One run of the target, of a part of the suite, with the packages of this folder before the installed ones."""
    environment = dict(os.environ, PYTHONPATH=str(packages), PYTHONDONTWRITEBYTECODE="1")
    if trace:
        environment |= {"PLANTED_FOLDER": str(packages / library.package), "PLANTED_TRACE": str(trace)}
    with tempfile.TemporaryDirectory() as out:
        command = [gauntlet, "run", str(TARGETS / library.target / "target.toml"), "--seed", "7", "--max-time", "10m"]
        command += ["--format", "json", "--quiet", "--out", out, *stage]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        try:
            report = json.loads((Path(out) / "run.json").read_text())
        except FileNotFoundError:
            return Run(done.returncode, {})
    return Run(done.returncode, {f["id"]: seen(f) for case in report["cases"] for f in case["findings"]})


def seen(finding: dict) -> tuple[str, str]:
    """What must be the same in two runs: the outcome, and for a verdict what was answered. Other observations hold times,
    and a measured leeway may be a second off."""
    answered = finding["id"].endswith("#verdict") and not finding["id"].endswith("-leeway#verdict")
    return finding["outcome"], finding["observed"] if answered else ""


def reached_lines(gauntlet: str, library: Library, bench: Path) -> set[tuple[str, int]]:
    """The lines of the package that a run against it as it is executes."""
    custom, trace = bench / "sitecustomize.py", bench / "trace.txt"
    shutil.copy(HERE / "tracer.py", custom)
    for stage in STAGES:
        run(gauntlet, library, bench, stage, trace)
    custom.unlink()
    places = (line.rsplit(":", 1) for line in trace.read_text().splitlines())
    return {(module, int(number)) for module, number in places}


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

    @contextmanager
    def bench(self) -> Iterator[Path]:
        bench = self.benches.get()
        try:
            yield bench
        finally:
            self.benches.put(bench)

    def run_as_it_is(self, gauntlet: str, stage: list[str]) -> Run:
        with self.bench() as bench:
            return run(gauntlet, self.library, bench, stage)

    def reached(self, gauntlet: str) -> set[tuple[str, int]]:
        with self.bench() as bench:
            return reached_lines(gauntlet, self.library, bench)

    @contextmanager
    def planted(self, module: str, defect: Defect) -> Iterator[Path]:
        with self.bench() as bench:
            file = bench / self.library.package / module
            whole = file.read_text()
            file.write_text(defect.source)
            try:
                yield bench
            finally:
                file.write_text(whole)


@dataclass
class Results:
    """How each planted defect was noticed (None: not), the defects whose place no run reaches, and those whose run did
    not end in time."""

    noticed: dict[str, str | None]
    unreached: list[str]
    late: list[str]


def examine(library: Library, options: argparse.Namespace, wanted: set[str] | None, results: Results) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(library, options.jobs, Path(folder))
        clean = [workshop.run_as_it_is(options.gauntlet, stage) for stage in STAGES]
        again = [workshop.run_as_it_is(options.gauntlet, stage) for stage in STAGES]
        if not all(part.findings for part in clean):
            sys.exit(f"{library.target} does not run as it is")
        unsteady = {name for parts in zip(clean, again) for name in differences(*parts, set())}
        for name in sorted(unsteady):
            print(f"unsteady, not compared: {name}")
        reached = workshop.reached(options.gauntlet)

        chosen = []
        for module, defect in library.defects:
            name = f"{library.package}/{defect.name}"
            if wanted is not None and name not in wanted:
                continue
            if any((module, line) in reached for line in defect.lines):
                chosen.append((module, defect))
            else:
                results.unreached.append(name)

        def one(pair: tuple[str, Defect]) -> None:
            module, defect = pair
            name, how = f"{library.package}/{defect.name}", None
            with workshop.planted(module, defect) as bench:
                for stage, part in zip(STAGES, clean):
                    planted = run(options.gauntlet, library, bench, stage)
                    if planted.exit == OUT_OF_TIME:
                        results.late.append(name)
                        break
                    how = verdict(part, planted, differences(part, planted, unsteady))
                    if how:
                        break
            results.noticed[name] = how
            print(f"noticed  {name}  [{how}]" if how else f"MISSED   {name}", flush=True)

        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(one, chosen))


def conclude(results: Results, explained: dict[str, dict]) -> int:
    """Prints the sum and returns the exit code."""
    missed = [name for name, how in results.noticed.items() if how is None]
    complaints = [f"missed and not explained: {name}" for name in missed if name not in explained]
    complaints += [f"explained but noticed: {name}" for name in explained if results.noticed.get(name)]
    complaints += [f"did not end in time: {name}" for name in results.late]
    known = results.noticed.keys() | set(results.unreached)
    complaints += [f"explained but not planted: {name}" for name in explained if name not in known]
    # A defect that changes nothing that anybody could see is none.
    idle = [name for name in missed if explained.get(name, {}).get("kind") in WITHOUT_EFFECT]
    effective = len(results.noticed) - len(idle)
    noticed = len(results.noticed) - len(missed)
    share = noticed / effective if effective else 1.0
    print(f"\n{len(results.unreached)} defects lie in code that this target does not reach, and were not planted")
    print(f"{len(results.noticed)} planted, {noticed} noticed, {len(missed)} missed, of these {len(idle)} without effect")
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
    parser.add_argument("--names", type=Path, help="only the defects that this file names, one a line")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at the same time")
    parser.add_argument("--list", action="store_true", help="name the defects and plant none")
    options = parser.parse_args()

    tables = tomllib.loads((HERE / "libraries.toml").read_text())["library"]
    libraries = [load(table) for table in tables if options.library in ("", table["target"])]
    if options.list:
        for library in libraries:
            for _, defect in library.defects:
                print(f"{library.package}/{defect.name}")
        return 0

    entries = tomllib.loads((HERE / "explained.toml").read_text()).get("explained", [])
    explained = {name: entry for entry in entries for name in entry["defects"]}
    wanted = set(options.names.read_text().splitlines()) if options.names else None
    results = Results({}, [], [])
    for library in libraries:
        examine(library, options, wanted, results)
    if wanted is not None or options.library:
        explained = {name: entry for name, entry in explained.items() if name in results.noticed}
    return conclude(results, explained)


if __name__ == "__main__":
    sys.exit(main())
