"""``python3 -m dev <command>``: what the Makefile calls."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from . import paths
from .console import Problem, fail, say


def _run() -> int:
    """Serve Odoo with the add-on and demo data."""
    from . import demo

    return demo.run()


def _demo() -> int:
    """Play the demo story in a fresh database and stop."""
    from . import demo

    return demo.demo()


def _test() -> int:
    """Run the tests of the add-on and of the repository (TESTS=, DEMO=1)."""
    from . import test_runner

    return test_runner.run()


def _test_stock() -> int:
    """Run Odoo's own tests with and without the add-on and compare."""
    from . import stock_tests

    return stock_tests.run()


def _bench() -> int:
    """Measure (BENCH=name, SIZE=)."""
    from . import benchmarks

    return benchmarks.run()


def _lint() -> int:
    """Check style, manifests and translations."""
    from . import lint

    return lint.run_lint()


def _format() -> int:
    """Let ruff, eslint and prettier put right what they can."""
    from . import lint

    return lint.fix()


def _translations() -> int:
    """Export the terms anew and bring the translations up to date."""
    from . import translations

    return translations.update()


def _setup() -> int:
    """Set everything up and stop."""
    from . import bootstrap

    bootstrap.ensure()
    return 0


def _createdb(name: str = "", template: str = "addon") -> int:
    """NAME [stock|stock_demo|addon|addon_demo|bridges]: a database from a template."""
    from . import databases, odoo_source

    if not name:
        raise Problem("Name the database to create: python3 -m dev createdb NAME.")
    kind, _, demo = template.partition("_")
    if template == "bridges":
        databases.copy(databases.ensure_bridges(odoo_source.locate()), name)
        return 0
    makers = {"stock": databases.ensure_stock, "addon": databases.ensure_addon}
    if kind not in makers or demo not in {"", "demo"}:
        known = "stock, stock_demo, addon, addon_demo, bridges"
        raise Problem(f"{template!r} is none of {known}.")
    databases.copy(makers[kind](odoo_source.locate(), demo=bool(demo)), name)
    return 0


def _dropdb(name: str = "") -> int:
    """NAME: remove a database with its filestore."""
    from . import databases

    databases.drop(name)
    return 0


def _shell(database: str = "email_marketing_crm") -> int:
    """[NAME]: a Python prompt inside a database."""
    odoo_bin = str(paths.VENV_BIN / "odoo-bin")
    os.execv(odoo_bin, [odoo_bin, "shell", "-d", database, "--no-http"])


def _stop() -> int:
    """Stop the private database server."""
    from . import postgres

    postgres.stop()
    return 0


def _clean() -> int:
    """Stop the database server and remove everything fetched or generated."""
    from . import clean

    return clean.run()


COMMANDS: dict[str, Callable[..., int]] = {
    "run": _run,
    "demo": _demo,
    "test": _test,
    "test-stock": _test_stock,
    "bench": _bench,
    "lint": _lint,
    "format": _format,
    "translations": _translations,
    "setup": _setup,
    "createdb": _createdb,
    "dropdb": _dropdb,
    "shell": _shell,
    "stop": _stop,
    "clean": _clean,
}


def _usage() -> int:
    say("python3 -m dev COMMAND\n")
    for name, function in COMMANDS.items():
        say(f"  {name:<13} {function.__doc__}")
    return 2


def _end(signum: int, _frame: FrameType | None) -> None:
    """Leave in the ordinary way, so that what was started gets stopped."""
    sys.exit(128 + signum)


def main(words: list[str]) -> int:
    """Run a command; a problem is told in one sentence."""
    if not words or words[0] not in COMMANDS:
        return _usage()
    signal.signal(signal.SIGTERM, _end)
    # Compiled modules are generated, too.
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(paths.PYCACHE))
    try:
        return COMMANDS[words[0]](*words[1:])
    except Problem as problem:
        return fail(problem)
    except TypeError:
        if len(words) > 1:
            return _usage()
        raise
    except KeyboardInterrupt:
        say("\nstopped")
        return 130
    except OSError as error:
        return fail(Problem(f"{error.strerror}: {error.filename or words[0]}."))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
