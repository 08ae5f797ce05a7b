"""``test``: the tests of the add-on inside Odoo, of its bridges, of the repository.

The first two are ordinary Odoo tests run by pytest-odoo; tours run in Chromium.  The
last are scripts of several processes against databases of their own; they find
the template to copy in ``EMC_TEMPLATE``.

``TESTS`` selects as with pytest: ``TESTS="-k consent"`` or
``TESTS=email_marketing_crm/tests/test_person.py``.  ``DEMO=1`` takes a database
with demo data, ``KEEP=1`` keeps it afterwards.
"""

import os
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import databases, paths, postgres
from .bootstrap import Environment, ensure
from .console import detail, say

NOTHING_COLLECTED = 5
"""pytest's exit status when no test was selected."""

MOST_PROCESSES = 4
"""Tests of the add-on that run side by side, each with Odoo and Chromium in memory."""

TOURS = "test_*tour*.py"
"""Files of tests that click through screens."""

BUNDLES = (
    "bus.websocket_worker_assets",
    "mass_mailing.assets_builder",
    "mass_mailing.assets_iframe_style",
    "mass_mailing.assets_inside_builder_iframe",
    "web.assets_backend_lazy",
    "web.assets_emoji",
    "web.assets_frontend",
    "web.assets_frontend_lazy",
    "web.assets_frontend_minimal",
    "web.assets_tests",
    "web.assets_web",
    "web.assets_web_print",
    "web.chartjs_lib",
)
"""Scripts and styles of the screens. What a tour generates is gone when it ends."""

REPOSITORY_TESTS = paths.ROOT / "tests"


@dataclass
class Selection:
    """What ``TESTS`` asks for, split between the two parts."""

    addon: list[str] = field(default_factory=list)
    repository: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str) -> "Selection":
        """Sort words into paths of either part and options for both."""
        found = cls()
        for word in shlex.split(text):
            path = Path(word.partition("::")[0])
            if word.startswith("-") or not (paths.ROOT / path).exists():
                found.options.append(word)
            elif path.parts[:1] == ("tests",):
                found.repository.append(word)
            else:
                found.addon.append(word)
        return found

    @property
    def given(self) -> bool:
        """Whether anything is selected at all."""
        return bool(self.addon or self.repository or self.options)

    @property
    def bridges(self) -> list[str]:
        """The paths of bridges among those of add-ons."""
        names = {bridge.name for bridge in databases.bridges()}
        return [word for word in self.addon if Path(word).parts[0] in names]

    @property
    def means_addon(self) -> bool:
        """Whether something else than bridges is meant."""
        return not self.addon or len(self.bridges) < len(self.addon)

    @property
    def only_paths_of(self) -> str:
        """Name the part that is meant when only its paths are given."""
        if self.addon and not self.repository:
            return "addon"
        if self.repository and not self.addon:
            return "repository"
        return ""


def run() -> int:
    """Run both parts; the exit status is 0 when both passed."""
    selection = Selection.parse(os.environ.get("TESTS", ""))
    demo = os.environ.get("DEMO", "") not in {"", "0"}
    environment = ensure()
    say("Database")
    template = databases.ensure_addon(environment.source, demo=demo)
    statuses = []
    if selection.only_paths_of != "repository":
        if selection.means_addon:
            statuses.append(_test_addon(environment, template, selection))
        statuses += _test_bridges(environment, selection)
    if selection.only_paths_of != "addon" and _has_tests(REPOSITORY_TESTS):
        statuses.append(_test_repository(environment, template, selection))
    return verdict(statuses, selected=selection.given)


def verdict(statuses: list[int], *, selected: bool) -> int:
    """Return the exit status for those of the parts.

    A part without tests is a failure, unless a selection left it empty and the
    other part had some.
    """
    failures = [status for status in statuses if status not in {0, NOTHING_COLLECTED}]
    if failures:
        return failures[0]
    if NOTHING_COLLECTED in statuses and not (selected and 0 in statuses):
        return NOTHING_COLLECTED
    return 0


def _has_tests(folder: Path) -> bool:
    return any(folder.rglob("test_*.py"))


def _test_addon(environment: Environment, template: str, selection: Selection) -> int:
    """Run the add-on's own tests in a fresh copy of the template."""
    say("Tests of the add-on (in Odoo)")
    addons = [addon for addon in paths.addons() if addon not in databases.bridges()]
    folders = [str(a.relative_to(paths.ROOT)) for a in addons if _has_tests(a)]
    if not folders:
        detail("there are none")
        return NOTHING_COLLECTED
    name = f"test_{os.getpid()}"
    databases.copy(template, name)
    options = [
        f"--odoo-config={paths.ODOO_CONF}",
        f"--odoo-database={name}",
        "--odoo-http",
        *selection.options,
    ]
    # Each of several processes copies the database for itself.
    variables = environment.variables(name) | {"PATH": postgres.search_path()}
    try:
        if selection.given:
            words = [word for word in selection.addon if word not in selection.bridges]
            return _pytest([*options, *(words or folders)], variables)
        status = _pytest(
            [*options, *_side_by_side(), f"--ignore-glob=*/{TOURS}", *folders],
            variables,
        )
        # One browser at a time: a tour waits ten seconds for what it looks for.
        tours = [
            str(path.relative_to(paths.ROOT))
            for addon in addons
            for path in sorted(addon.rglob(TOURS))
        ]
        if tours:
            say("Tours (in Chromium)")
            databases.generate_bundles(name, BUNDLES)
            status = _pytest([*options, *tours], variables) or status
        return status
    finally:
        if os.environ.get("KEEP"):
            detail(f"the database {name} is kept")
        else:
            databases.drop(name)


def _test_bridges(environment: Environment, selection: Selection) -> list[int]:
    """Run the tests of the bridges, in a database with the apps they lead to."""
    folders = [b.name for b in databases.bridges() if _has_tests(b)]
    words = selection.bridges or ([] if selection.addon else folders)
    if not words:
        return []
    say("Tests of the bridges to other apps (in Odoo)")
    name = f"test_bridges_{os.getpid()}"
    databases.copy(databases.ensure_bridges(environment.source), name)
    options = [
        f"--odoo-config={paths.ODOO_CONF}",
        f"--odoo-database={name}",
        "--odoo-http",
        *selection.options,
    ]
    try:
        return [_pytest([*options, *words], environment.variables(name))]
    finally:
        databases.drop(name)


def _side_by_side() -> list[str]:
    """Return the options for a process on each core, up to four, file by file."""
    count = min(len(os.sched_getaffinity(0)), MOST_PROCESSES)
    return [f"--numprocesses={count}", "--dist=loadfile"] if count > 1 else []


def _test_repository(
    environment: Environment, template: str, selection: Selection
) -> int:
    """Run the tests that need processes and committed data of their own."""
    say("Tests of the repository (several processes)")
    return _pytest(
        [
            "-p",
            "no:odoo",
            *([] if selection.given else _side_by_side()),
            *selection.options,
            *(selection.repository or ["tests"]),
        ],
        {**environment.variables(), "EMC_TEMPLATE": template},
    )


def _pytest(words: list[str], variables: dict[str, str]) -> int:
    return subprocess.run(
        [str(paths.PYTHON), "-m", "pytest", *words],
        cwd=paths.ROOT,
        # Chromium writes into the folders of its user, too.
        env={**os.environ, **variables, **paths.user_folders()},
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode
