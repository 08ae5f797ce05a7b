"""``test-stock``: Odoo's own tests, with the add-on and without, side by side.

Odoo's suites run twice with pytest: in a database of stock Odoo and in one with
our add-ons installed.  What fails in both is Odoo's or this machine's; what fails
only with us is ours, and gets named.
"""

import os
import shlex
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from . import databases, paths, state
from .bootstrap import Environment, ensure
from .console import Problem, detail, duration, say

SUITES = (
    "crm",
    "link_tracker",
    "mass_mailing",
    "mass_mailing_crm",
    "test_mass_mailing",
    "utm",
)
"""The add-ons of Odoo whose tests are run."""

TEMPLATE = "template_stock_tests"


@dataclass
class Result:
    """What one run of the suites said."""

    ran: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """Name of each failed test and the first line of what it said."""


def run() -> int:
    """Run the suites twice and name the failures that only occur with us."""
    environment = ensure()
    suites = _suites(environment)
    selection = shlex.split(os.environ.get("TESTS", ""))
    say("Databases")
    stock = _ensure_template(environment, suites)
    ours = f"{TEMPLATE}_addon"
    databases.copy(stock, ours)
    databases.install(ours, databases.own_modules())
    words = [*selection, *(str(environment.source.addon(s) / "tests") for s in suites)]
    say("Odoo alone")
    stamp = state.digest([environment.source.release, *suites, *selection])
    kept = state.read("stock_tests")
    if kept and kept["stamp"] == stamp and not os.environ.get("FRESH"):
        without = Result(**kept["result"])
        detail("result of an earlier run (FRESH=1 runs them again)")
    else:
        databases.copy(stock, "stock_tests")
        without = _run_suites(environment, "stock_tests", words)
        state.write("stock_tests", {"stamp": stamp, "result": without.__dict__})
    _tell(without)
    say("Odoo with the add-on")
    databases.copy(ours, "stock_tests")
    with_us = _run_suites(environment, "stock_tests", words)
    _tell(with_us)
    suspects = sorted(set(with_us.failed) - set(without.failed))
    if suspects:
        say("Once more, what failed only with us")
        databases.copy(ours, "stock_tests")
        again = _run_suites(
            environment, "stock_tests", _node_ids(environment, suspects)
        )
        for name in set(suspects) - set(again.failed):
            detail(f"passes the second time: {name}")
            del with_us.failed[name]
    databases.drop("stock_tests")
    return _compare(without, with_us)


def _suites(environment: Environment) -> list[str]:
    """Return the suites this Odoo has."""
    found = []
    for suite in SUITES:
        folder = environment.source.addon(suite)
        if folder is not None and (folder / "tests").is_dir():
            found.append(suite)
        else:
            detail(f"note: this Odoo comes without the tests of {suite}")
    if not found:
        raise Problem("This Odoo comes without its tests.")
    return found


def _ensure_template(environment: Environment, suites: list[str]) -> str:
    """Return the template with everything the suites need, without us."""
    modules = sorted({*databases.stock_modules(), *suites})
    stamp = state.digest([environment.source.release, *modules])
    if state.read(TEMPLATE) != stamp or not databases.exists(TEMPLATE):
        state.forget(TEMPLATE)
        stock = databases.ensure_stock(environment.source)
        databases.copy(stock, TEMPLATE)
        databases.install(TEMPLATE, modules)
        state.write(TEMPLATE, stamp)
    return TEMPLATE


def _run_suites(environment: Environment, database: str, words: list[str]) -> Result:
    """Run the suites in a database; their output goes to the screen."""
    report = paths.LOG / "stock-tests.xml"
    report.unlink(missing_ok=True)
    start = time.monotonic()
    subprocess.run(
        [
            str(paths.PYTHON),
            "-m",
            "pytest",
            f"--rootdir={environment.source.python_path}",
            f"--odoo-config={paths.ODOO_CONF}",
            f"--odoo-database={database}",
            "--odoo-http",
            "-q",
            "-p",
            "no:cacheprovider",
            "--tb=short",
            f"--junitxml={report}",
            *words,
        ],
        cwd=paths.VAR,
        env={
            **os.environ,
            **environment.variables(database),
            **paths.user_folders(),
        },
        stdin=subprocess.DEVNULL,
        check=False,
    )
    detail(f"took {duration(time.monotonic() - start)}")
    if not report.exists():
        raise Problem("The tests did not start; see their output above.")
    return _read_report(report)


def _read_report(report: Path) -> Result:
    """Read pytest's report."""
    result = Result()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        result.ran += 1
        if case.find("skipped") is not None:
            result.skipped += 1
        for kind in ("failure", "error"):
            for found in case.findall(kind):
                message = (found.get("message") or "").strip().splitlines()
                result.failed[name] = message[0] if message else kind
    return result


def _node_ids(environment: Environment, names: list[str]) -> list[str]:
    """Return what to call pytest with to run tests named in a report."""
    found = []
    for name in names:
        dotted, _, test = name.partition("::")
        *module, case = dotted.removeprefix("odoo.addons.").split(".")
        folder = environment.source.addon(module[0])
        path = folder.joinpath(*module[1:]).with_suffix(".py")
        found.append(f"{path}::{case}::{test}")
    return found


def _tell(result: Result) -> None:
    detail(f"{result.ran} tests, {len(result.failed)} failed, {result.skipped} skipped")


def _compare(without: Result, with_us: Result) -> int:
    """Name the differences and return the exit status."""
    ours = sorted(set(with_us.failed) - set(without.failed))
    both = sorted(set(with_us.failed) & set(without.failed))
    say("Comparison")
    for name in both:
        detail(f"fails without us too: {name}")
    if with_us.ran < without.ran:
        detail(f"only {with_us.ran} of {without.ran} tests ran with us")
    if not ours and with_us.ran >= without.ran:
        say(f"\n✓ no failure is ours ({len(both)} are Odoo's or this machine's)")
        return 0
    for name in ours:
        say(f"✗ only with us: {name}\n      {with_us.failed[name]}")
    say(f"\n✗ {len(ours)} tests of Odoo fail only with the add-on")
    return 1
