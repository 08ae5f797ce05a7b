"""Databases made from templates, so that each takes a second and not a minute.

Layers, each a PostgreSQL template with its filestore beside it:

``template_stock[_demo]``
    Odoo with the stock add-ons ours depends on.  Made anew when Odoo or the
    dependencies change.
``template_addon[_demo]``
    the one above with our add-on installed.  Made anew when its sources
    change; tests and texts for readers do not count.
``template_bridges``
    the one above with the bridges and the add-ons of Odoo they lead to.
anything else
    a copy of one of these, which its user may do anything with.
"""

import ast
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from . import paths, postgres, state
from .console import Problem, detail, duration, run
from .odoo_source import OdooSource

STOCK_MODULES = ("mass_mailing_crm", "web_hierarchy")
"""What the stock template holds at least, beside what our manifests depend on."""

IGNORED_FOLDERS = {"tests", "readme", "doc", "docs", "__pycache__"}
"""Folders of an add-on that leave no trace in a database."""


COPY_LOCK = paths.STATE / "copy.lock"
"""A template can neither be copied twice at once nor replaced meanwhile."""


def stock_modules() -> list[str]:
    """Return the add-ons of Odoo to install before ours."""
    own = {addon.name for addon in paths.addons()}
    wanted = set(STOCK_MODULES)
    for addon in _addons(bridges=False):
        wanted.update(set(manifest(addon).get("depends", [])) - own)
    return sorted(wanted)


def manifest(addon: Path) -> dict:
    """Return an add-on's manifest."""
    try:
        return ast.literal_eval((addon / "__manifest__.py").read_text())
    except (SyntaxError, ValueError) as error:
        raise Problem(f"{addon.name}/__manifest__.py cannot be read: {error}") from None


def own_modules() -> list[str]:
    """Return the add-ons of this repository that can be installed, but for bridges."""
    return [addon.name for addon in _addons(bridges=False)]


def bridges() -> list[Path]:
    """Return the folders of the add-ons that come by themselves with another app."""
    return _addons(bridges=True)


def _addons(*, bridges: bool) -> list[Path]:
    found = {addon: manifest(addon) for addon in paths.addons()}
    return [
        addon
        for addon, facts in found.items()
        if facts.get("installable", True)
        and bool(facts.get("auto_install", False)) == bridges
    ]


def sources_digest(addons: Iterable[Path]) -> str:
    """Return a hash of everything in add-ons that ends up in a database."""
    parts: list[str | Path] = []
    for addon in addons:
        for path in sorted(addon.rglob("*")):
            inside = path.relative_to(addon)
            ignored = IGNORED_FOLDERS.intersection(inside.parts)
            if path.is_file() and not ignored and path.suffix != ".pot":
                parts += [f"{addon.name}/{inside}", path]
    return state.digest(parts)


# -- plain operations ---------------------------------------------------------


def exists(name: str) -> bool:
    """Tell whether the server has a database of this name."""
    return bool(postgres.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def names() -> list[str]:
    """Return the databases that belong to this environment."""
    query = (
        "SELECT datname FROM pg_database JOIN pg_roles r ON r.oid = datdba "
        "WHERE rolname = current_user AND datname NOT IN "
        "('postgres', 'template0', 'template1') ORDER BY datname"
    )
    return [row[0] for row in postgres.sql(query)]


def drop(name: str) -> None:
    """Remove a database with its filestore."""
    _check(name)
    run(
        [postgres.program("dropdb"), "--if-exists", "--force", name],
        purpose=f"Removing the database {name}",
        env=postgres.connection(),
    )
    shutil.rmtree(paths.FILESTORE / name, ignore_errors=True)


def copy(template: str, name: str) -> None:
    """Make a database from a template; one of the same name is replaced."""
    drop(name)
    command = [
        postgres.program("createdb"),
        "--template",
        template,
        "--strategy=file_copy" if _server_version() >= 15 else "--encoding=UTF8",
        name,
    ]
    with state.locked(COPY_LOCK):
        run(
            command,
            purpose=f"Copying the database {template}",
            env=postgres.connection(),
        )
        source, target = paths.FILESTORE / template, paths.FILESTORE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.exists():
            # The files of a filestore are never changed in place: link them.
            shutil.copytree(source, target, copy_function=os.link)


def install(
    name: str, modules: Iterable[str], *, demo: bool = False, update: bool = False
) -> None:
    """Install add-ons into a database, or update those that are there.

    :raise Problem: when Odoo stops with an error or logs one
    """
    wanted = ",".join(modules)
    start = time.monotonic()
    detail(f"{'updating' if update else 'installing'} {wanted} in {name} …")
    paths.LOG.mkdir(parents=True, exist_ok=True)
    log = paths.LOG / f"install-{name}.log"
    command = [
        paths.VENV_BIN / "odoo-bin",
        f"--database={name}",
        "--update" if update else "--init",
        wanted,
        "--with-demo" if demo else "--without-demo",
        "--stop-after-init",
        "--no-http",
        "--max-cron-threads=0",
    ]
    with log.open("w") as handle:
        status = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            cwd=paths.ROOT,
            check=False,
        ).returncode
    trouble = _trouble(log.read_text(errors="replace"))
    if status or trouble:
        raise Problem(
            f"Odoo could not install {wanted} in {name}: "
            f"{trouble or f'exit status {status}'} (all of it in {log})."
        )
    detail(f"… done in {duration(time.monotonic() - start)}")


GENERATE_BUNDLES = """
for name in {bundles!r}:
    bundle = env["ir.qweb"]._get_asset_bundle(name)
    bundle.js()
    bundle.css()
env.cr.commit()
"""


def generate_bundles(name: str, bundles: Iterable[str]) -> None:
    """Have Odoo generate bundles of scripts and styles, as the first visitor would.

    :raise Problem: when it cannot
    """
    start = time.monotonic()
    detail("generating the bundles of scripts and styles …")
    run(
        [
            str(paths.VENV_BIN / "odoo-bin"),
            "shell",
            f"--database={name}",
            "--no-http",
            "--log-level=error",
        ],
        purpose="Generating the bundles of scripts and styles",
        stdin=GENERATE_BUNDLES.format(bundles=list(bundles)),
    )
    detail(f"… done in {duration(time.monotonic() - start)}")


def _trouble(log: str) -> str:
    """Return the line of a log of Odoo that says best what went wrong."""
    errors = re.findall(r"(?m)^\S+ \S+ \d+ (?:ERROR|CRITICAL) (.*)", log)
    if not errors:
        return ""
    exceptions = re.findall(r"(?m)^[\w.]*(?:Error|Exception|Violation)\b.*", log)
    return (exceptions or errors)[-1].rstrip(".:")


# -- templates ----------------------------------------------------------------


def ensure_stock(source: OdooSource, *, demo: bool = False) -> str:
    """Return the template with Odoo's own add-ons, made when it is out of date."""
    name = "template_stock_demo" if demo else "template_stock"
    modules = stock_modules()
    stamp = state.digest([source.release, *modules])
    with state.locked(paths.STATE / f"{name}.lock"):
        if state.read(name) != stamp or not exists(name):
            _build(name, None, modules, demo=demo)
            state.write(name, stamp)
    return name


def ensure_addon(source: OdooSource, *, demo: bool = False) -> str:
    """Return the template with our add-ons, made when their sources changed."""
    name = "template_addon_demo" if demo else "template_addon"
    modules = own_modules()
    if not modules:
        raise Problem(
            f"The add-on is missing: no {paths.ADDON_PREFIX}/__manifest__.py."
        )
    stock = ensure_stock(source, demo=demo)
    with state.locked(paths.STATE / f"{name}.lock"):
        sources = sources_digest(_addons(bridges=False))
        stamp = state.digest([state.read(stock) or "", sources])
        if state.read(name) != stamp or not exists(name):
            _build(name, stock, modules, demo=demo)
            state.write(name, stamp)
        else:
            detail(f"{name} is up to date")
    return name


def ensure_bridges(source: OdooSource) -> str:
    """Return the template with the bridges, made when the sources changed."""
    name = "template_bridges"
    base = ensure_addon(source)
    with state.locked(paths.STATE / f"{name}.lock"):
        sources = sources_digest(bridges())
        stamp = state.digest([state.read(base) or "", sources])
        if state.read(name) != stamp or not exists(name):
            _build(name, base, [bridge.name for bridge in bridges()], demo=False)
            state.write(name, stamp)
        else:
            detail(f"{name} is up to date")
    return name


def _build(name: str, base: str | None, modules: list[str], *, demo: bool) -> None:
    """Build a template aside and rename it when it is complete."""
    draft = f"{name}_draft"
    state.forget(name)
    if base:
        copy(base, draft)
    else:
        drop(draft)
        run(
            [
                postgres.program("createdb"),
                "--template=template0",
                "--encoding=UTF8",
                draft,
            ],
            purpose=f"Creating the database {draft}",
            env=postgres.connection(),
        )
    install(draft, modules, demo=demo)
    with state.locked(COPY_LOCK):
        drop(name)
        postgres.sql(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
        files = paths.FILESTORE / draft
        if files.exists():
            files.rename(paths.FILESTORE / name)


def _check(name: str) -> None:
    """Databases get plain names: they are also the names of folders."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise Problem(
            f"{name!r} is no name for a database: small letters, digits and _ only."
        )


def _server_version() -> int:
    return (
        int(postgres.sql("SELECT current_setting('server_version_num')")[0][0]) // 10000
    )
