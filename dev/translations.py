"""Translations: every term of the add-ons in every language we keep.

``translations`` exports the terms anew and brings the ``.po`` files up to date,
keeping what is translated.  The check fails when a term is missing, fuzzy or
untranslated, or when the kept ``.pot`` is not what Odoo exports now.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import databases, paths, postgres
from .bootstrap import Environment, ensure
from .console import Problem, detail, run, say

LANGUAGES = ("zh_CN", "zh_TW")
SHOWN = 15
"""How many terms a complaint lists."""


def check(environment: Environment) -> int:
    """Compare the kept files with a fresh export; return the number of complaints."""
    with tempfile.TemporaryDirectory(dir=paths.VAR) as folder:
        _export(environment, Path(folder))
        return _in_environment("check", folder)


def update() -> int:
    """Write fresh ``.pot`` files and merge them into the ``.po`` files."""
    environment = ensure()
    say("Translations")
    with tempfile.TemporaryDirectory(dir=paths.VAR) as folder:
        _export(environment, Path(folder))
        return _in_environment("update", folder)


def _export(environment: Environment, folder: Path) -> None:
    """Export the terms of each of our add-ons with Odoo's own exporter."""
    template = databases.ensure_addon(environment.source)
    _export_from(template, databases.own_modules(), folder)
    if bridges := databases.bridges():
        template = databases.ensure_bridges(environment.source)
        _export_from(template, [bridge.name for bridge in bridges], folder)


def _export_from(template: str, modules: list[str], folder: Path) -> None:
    """Export the terms of add-ons that a template has installed."""
    name = f"terms_{os.getpid()}"
    databases.copy(template, name)
    try:
        for module in modules:
            run(
                [
                    paths.VENV_BIN / "odoo-bin",
                    "i18n",
                    "export",
                    f"--config={paths.ODOO_CONF}",
                    f"--database={name}",
                    f"--output={folder / module}.pot",
                    module,
                ],
                purpose=f"Exporting the terms of {module}",
                env=postgres.connection(),
                cwd=paths.ROOT,
            )
    finally:
        databases.drop(name)


def _in_environment(command: str, folder: str) -> int:
    """Go on inside the virtual environment, which has polib."""
    return subprocess.run(
        [str(paths.PYTHON), "-m", "dev.translations", command, folder],
        cwd=paths.ROOT,
        check=False,
    ).returncode


# -- inside the virtual environment -------------------------------------------


def _files(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each fresh export with the file it belongs to."""
    for fresh in sorted(folder.glob("*.pot")):
        yield fresh, paths.ROOT / fresh.stem / "i18n" / fresh.name


def _without_dates(text: str) -> str:
    """Return an export without the lines that differ each time."""
    return re.sub(
        r'^"(POT-Creation|PO-Revision)-Date:.*\n', "", text, flags=re.MULTILINE
    )


def _check_files(folder: Path) -> int:
    import polib

    complaints = 0
    for fresh, kept in _files(folder):
        terms = polib.pofile(str(fresh))
        if not terms:
            continue
        if not kept.exists():
            complaints += 1
            detail(f"{_short(kept)} is missing: 'make translations' writes it")
        elif _without_dates(kept.read_text()) != _without_dates(fresh.read_text()):
            complaints += 1
            detail(f"{_short(kept)} is out of date: 'make translations' renews it")
        for language in LANGUAGES:
            complaints += _check_language(terms, kept.with_name(f"{language}.po"))
    return min(complaints, 1)


def _check_language(terms, path: Path) -> int:
    """Complain about what a language lacks; return the number of complaints."""
    import polib

    if not path.exists():
        detail(f"{_short(path)} is missing")
        return 1
    found = {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(path))}
    lacking: dict[str, list[str]] = {"missing": [], "fuzzy": [], "untranslated": []}
    for term in terms:
        entry = found.get((term.msgctxt, term.msgid))
        if entry is None or entry.obsolete:
            lacking["missing"].append(term.msgid)
        elif entry.fuzzy:
            lacking["fuzzy"].append(term.msgid)
        elif not entry.msgstr.strip():
            lacking["untranslated"].append(term.msgid)
    for kind, names in lacking.items():
        if not names:
            continue
        detail(f"{_short(path)}: {len(names)} of {len(terms)} terms {kind}")
        for name in names[:SHOWN]:
            line = " ".join(name.split())
            detail(f"  · {line if len(line) < 76 else line[:75] + '…'}")
        if len(names) > SHOWN:
            detail(f"  · … and {len(names) - SHOWN} more")
    return sum(bool(names) for names in lacking.values())


def _update_files(folder: Path) -> int:
    import polib

    for fresh, kept in _files(folder):
        terms = polib.pofile(str(fresh))
        if not terms:
            continue
        kept.parent.mkdir(exist_ok=True)
        old = kept.read_text() if kept.exists() else ""
        if _without_dates(old) != _without_dates(fresh.read_text()):
            kept.write_text(fresh.read_text())
            detail(f"{_short(kept)}: {len(terms)} terms")
        for language in LANGUAGES:
            path = kept.with_name(f"{language}.po")
            before = path.read_text() if path.exists() else ""
            merged = _merge(terms, path, language)
            if str(merged) != before.rstrip("\n"):
                path.write_text(f"{merged}\n")
            done = len(merged.translated_entries())
            detail(f"{_short(path)}: {done} of {len(terms)} terms translated")
    return 0


def _merge(terms, path: Path, language: str):
    """Return the terms with the translations a file has; what is gone is left out."""
    import polib

    known = polib.pofile(str(path)) if path.exists() else polib.POFile()
    found = {(e.msgctxt, e.msgid): e for e in known if not e.obsolete}
    merged = polib.POFile(wrapwidth=terms.wrapwidth)
    merged.header = known.header or terms.header
    merged.metadata = {**terms.metadata, **known.metadata, "Language": language}
    # Chinese knows no plural.
    merged.metadata["Plural-Forms"] = "nplurals=1; plural=0;"
    for term in terms:
        entry = polib.POEntry(
            msgctxt=term.msgctxt,
            msgid=term.msgid,
            msgid_plural=term.msgid_plural,
            comment=term.comment,
            occurrences=term.occurrences,
            flags=[flag for flag in term.flags if flag != "fuzzy"],
        )
        old = found.get((term.msgctxt, term.msgid))
        if old is not None:
            entry.msgstr = old.msgstr
            entry.tcomment = old.tcomment
            entry.flags += ["fuzzy"] if old.fuzzy else []
        merged.append(entry)
    return merged


def _short(path: Path) -> str:
    return str(path.relative_to(paths.ROOT))


if __name__ == "__main__":
    commands = {"check": _check_files, "update": _update_files}
    try:
        sys.exit(commands[sys.argv[1]](Path(sys.argv[2])))
    except Problem as problem:
        sys.exit(str(problem))
