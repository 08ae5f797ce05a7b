"""Odoo 19 Community: the one in ``ODOO_SOURCE``, or Debian's package unpacked.

Debian's suite ``sid`` has Odoo 19 as ``odoo-19``.  It is fetched from the mirror
the machine's own apt uses, with lists and caches of our own, and unpacked below
``var``: apt's own sources stay as they are and nothing gets installed.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import paths, state
from .console import Problem, detail, run, timed

PACKAGES = {
    "odoo-19": "sid",
    "libjs-jquery": "sid",
    "libjs-jquery-form": "sid",
    "libjs-underscore": "sid",
    "fonts-roboto-unhinted": "sid",
    "fonts-montserrat": "sid",
    "fonts-inconsolata": "sid",
    "fonts-ocr-b": "sid",
    # Odoo uses version 4, which sid has left behind.
    "fonts-font-awesome": "bookworm",
}
"""Odoo and the packages its files link to, each with the suite to take it from."""

STRIPPED_FILE = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
"""Not free enough for Debian; without it every page logs an error and tours fail."""

OWN_FONT = "point_of_sale/static/src/fonts/Inconsolata.otf"
"""A link to a name the font package has given up."""


@dataclass(frozen=True)
class OdooSource:
    """An Odoo 19 on disk."""

    python_path: Path
    """The folder to put on ``sys.path``: it holds ``odoo/``."""

    @property
    def addons_paths(self) -> list[Path]:
        """The folders with Odoo's own add-ons; a git checkout has two."""
        both = [self.python_path / "odoo" / "addons", self.python_path / "addons"]
        return [path for path in both if any(path.glob("*/__manifest__.py"))]

    @property
    def release(self) -> str:
        """What makes two sources differ, for the stamps of databases."""
        release = self.python_path / "odoo" / "release.py"
        return state.digest([str(self.python_path), release])

    def addon(self, name: str) -> Path | None:
        """Return the folder of an add-on of Odoo."""
        for folder in self.addons_paths:
            if (folder / name / "__manifest__.py").exists():
                return folder / name
        return None


def locate() -> OdooSource:
    """Return the Odoo to use, without fetching anything.

    :raise Problem: when ``ODOO_SOURCE`` holds no Odoo 19
    """
    given = os.environ.get("ODOO_SOURCE")
    if not given:
        return OdooSource(
            paths.ODOO_PACKAGE / "usr" / "lib" / "python3" / "dist-packages"
        )
    folder = Path(given).expanduser().resolve()
    for candidate in (folder, folder.parent):
        release = candidate / "odoo" / "release.py"
        if release.exists():
            if not re.search(r"version_info\s*=\s*\(19,\s*0", release.read_text()):
                raise Problem(f"ODOO_SOURCE={given} is not Odoo 19.0.")
            return OdooSource(candidate)
    raise Problem(
        f"ODOO_SOURCE={given} holds no Odoo: it should be the folder with 'odoo/'."
    )


def ensure() -> OdooSource:
    """Return the Odoo to use, fetched and unpacked when it is not there yet."""
    source = locate()
    if os.environ.get("ODOO_SOURCE"):
        detail(f"using {source.python_path}")
    elif state.read("odoo") != {"packages": PACKAGES}:
        _fetch()
        state.write("odoo", {"packages": PACKAGES})
    return source


# -- the mirror ---------------------------------------------------------------


@dataclass(frozen=True)
class Mirror:
    """A place of Debian's archive, as the machine's apt knows it."""

    uri: str
    signed_by: str = ""

    def line(self, suite: str) -> str:
        """Return the line for our own list of sources."""
        option = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {option}{self.uri} {suite} main\n"


def find_mirror(folder: Path = Path("/etc/apt")) -> Mirror:
    """Return the mirror of the Debian archive in the machine's apt sources."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    for path in files:
        if not path.is_file():
            continue
        text = path.read_text(errors="replace")
        read = _read_deb822 if path.suffix == ".sources" else _read_lines
        # Images keep the deb822 format in files of either name.
        if re.search(r"^URIs:", text, re.MULTILINE):
            read = _read_deb822
        for uri, suites, components, signed_by in read(text):
            archive = "main" in components and not any(
                "security" in suite or "/" in suite for suite in suites
            )
            if archive and re.search(r"debian", uri) and not uri.startswith("cdrom:"):
                return Mirror(uri, signed_by)
    raise Problem(
        "No mirror of Debian is in /etc/apt/sources.list or sources.list.d: "
        "add one, or give the folder of an Odoo 19 in ODOO_SOURCE."
    )


Source = tuple[str, list[str], list[str], str]
"""URI, suites, components, key file (or nothing)."""


def _read_lines(text: str) -> Iterator[Source]:
    """Read apt's format of one line each: ``deb [options] uri suite component…``."""
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match:
            options, uri, suite, components = match.groups()
            key = re.search(r"signed-by=(\S+)", options or "")
            yield uri, [suite], components.split(), key[1] if key else ""


def _read_deb822(text: str) -> Iterator[Source]:
    """Read apt's format of paragraphs: ``Types:``, ``URIs:``, ``Suites:`` …"""
    text = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", text):
        fields = {
            name.lower(): value.split()
            for name, value in re.findall(
                r"^([\w-]+):((?:.*)(?:\n[ \t].*)*)", paragraph, re.MULTILINE
            )
        }
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        keys = fields.get("signed-by", [])
        # A key may be written out in place: apt then trusts its own keyring too.
        key = keys[0] if len(keys) == 1 and keys[0].startswith("/") else ""
        for uri in fields.get("uris", []):
            yield uri, fields.get("suites", []), fields.get("components", []), key


# -- fetching and unpacking ---------------------------------------------------


def _fetch() -> None:
    """Download the packages and unpack them below ``var``."""
    mirror = find_mirror()
    detail("Odoo 19 comes from Debian's suite 'sid', by the mirror of this machine")
    lists, cache = paths.APT / "lists", paths.APT / "cache"
    for folder in (lists / "partial", cache / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    sources = paths.APT / "sources.list"
    suites = sorted(set(PACKAGES.values()))
    sources.write_text("".join(mirror.line(suite) for suite in suites))
    options = [
        f"Dir::Etc::sourcelist={sources}",
        "Dir::Etc::sourceparts=/dev/null",
        "Dir::Etc::preferences=/dev/null",
        "Dir::Etc::preferencesparts=/dev/null",
        f"Dir::State={paths.APT}",
        f"Dir::State::lists={lists}",
        "Dir::State::status=/dev/null",
        f"Dir::Cache={cache}",
        "Acquire::Languages=none",
        "Acquire::Retries=3",
        # A snapshot of the archive does as well; signatures are checked all the same.
        "Acquire::Check-Valid-Until=false",
    ]
    if os.geteuid() == 0:
        # The unprivileged user of apt cannot write into our folder.
        options.append("APT::Sandbox::User=root")
    apt = ["apt-get", "-q", *(word for option in options for word in ("-o", option))]
    hint = "Check the network, or give the folder of an Odoo 19 in ODOO_SOURCE."
    with timed("reading the lists of packages (20 MB)"):
        run([*apt, "update"], purpose="Reading Debian's lists of packages", hint=hint)
    downloads = paths.APT / "packages"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir()
    with timed("downloading Odoo, its fonts and scripts (130 MB)"):
        wanted = [f"{package}/{suite}" for package, suite in PACKAGES.items()]
        run(
            [*apt, "download", *wanted],
            purpose="Downloading Odoo 19",
            hint=hint,
            cwd=downloads,
        )
    _unpack(sorted(downloads.glob("*.deb")))
    shutil.rmtree(paths.APT)


def _unpack(packages: list[Path]) -> None:
    """Unpack aside, put the links right, then move into place at once."""
    draft = paths.ODOO_PACKAGE.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    with timed("unpacking (1.3 GB)"):
        for package in packages:
            run(["dpkg-deb", "-x", package, draft], purpose=f"Unpacking {package.name}")
    broken = relink(draft)
    addons = draft / "usr" / "lib" / "python3" / "dist-packages" / "odoo" / "addons"
    broken -= _complete(addons, draft)
    for link in sorted(broken):
        detail(f"note: {link.relative_to(draft)} leads nowhere")
    shutil.rmtree(paths.ODOO_PACKAGE, ignore_errors=True)
    draft.rename(paths.ODOO_PACKAGE)


def relink(root: Path) -> set[Path]:
    """Make absolute links below a folder point into the folder.

    :return: the links whose target is missing
    """
    broken = set()
    for folder, subfolders, files in os.walk(root):
        for name in (*subfolders, *files):
            link = Path(folder, name)
            if not link.is_symlink():
                continue
            target = os.readlink(link)
            if target.startswith("/"):
                inside = root / target.lstrip("/")
                link.unlink()
                link.symlink_to(os.path.relpath(inside, folder))
            if not link.exists():
                broken.add(link)
    return broken


def _complete(addons: Path, root: Path) -> set[Path]:
    """Put in place what Debian's package lacks; return the links now repaired."""
    stub = addons / STRIPPED_FILE
    stub.parent.mkdir(parents=True, exist_ok=True)
    if not stub.exists():
        stub.write_text("")
    font = addons / OWN_FONT
    actual = next(
        root.glob("usr/share/fonts/*/inconsolata/Inconsolata-Regular.*"), None
    )
    if actual is None or font.exists():
        return set()
    font.unlink(missing_ok=True)
    font.symlink_to(os.path.relpath(actual, font.parent))
    return {font}
