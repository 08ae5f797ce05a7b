"""A PostgreSQL server of our own below ``var``, or the one named by ``PGHOST``.

Our server listens on a socket only, no port is opened; the port number merely
names the socket.  It may lose data in a power cut: it is for development.
"""

import getpass
import os
import pwd
import shutil
import stat
import time
from pathlib import Path

from . import paths
from .console import Problem, detail, run, timed
from .system_packages import postgres_binaries

ROLE = "odoo"
"""Odoo refuses to work as 'postgres'."""

PORT = "5469"
DATA = paths.POSTGRES / "data"
SERVER_LOG = paths.POSTGRES / "server.log"


def is_private() -> bool:
    """Tell whether the server is ours, not one named in the environment."""
    return not (os.environ.get("PGHOST") or os.environ.get("PGSERVICE"))


def connection() -> dict[str, str]:
    """Return the variables by which libpq's programs find the server."""
    if is_private():
        return {"PGHOST": str(paths.socket_folder()), "PGPORT": PORT, "PGUSER": ROLE}
    user = os.environ.get("PGUSER") or getpass.getuser()
    if user == "postgres":
        raise Problem(
            "Odoo refuses to work as the database user 'postgres': create another "
            "role that may create databases and name it in PGUSER."
        )
    names = ("PGHOST", "PGPORT", "PGPASSWORD")
    given = {name: os.environ[name] for name in names if os.environ.get(name)}
    return {"PGUSER": user, **given}


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    folder = postgres_binaries()
    if folder is not None and (folder / name).exists():
        return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise Problem(f"PostgreSQL's program '{name}' is missing.")
    return found


def search_path() -> str:
    """Return a PATH on which others find PostgreSQL's programs."""
    folder = str(Path(program("createdb")).parent)
    return os.pathsep.join([folder, os.environ.get("PATH", os.defpath)])


def sql(
    query: str, database: str = "postgres", server: dict[str, str] | None = None
) -> list[list[str]]:
    """Run a query and return its rows as texts.

    :param server: as `connection` returns it, if it is another one
    """
    output = run(
        [
            program("psql"),
            "-X",
            "-q",
            "-At",
            "-F\t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            database,
            "-c",
            query,
        ],
        purpose="A query to PostgreSQL",
        env=server or connection(),
    )
    return [line.split("\t") for line in output.splitlines()]


def ensure() -> None:
    """Have a server running that lets our role create databases."""
    if is_private():
        _ensure_private()
    else:
        detail(f"using the server of PGHOST={os.environ.get('PGHOST', '')}")
    rows = sql(
        "SELECT rolcreatedb OR rolsuper, current_setting('server_version_num')::int"
        " FROM pg_roles WHERE rolname = current_user"
    )
    if not rows or rows[0][0] != "t":
        raise Problem(
            f"The database role {connection()['PGUSER']!r} may not create databases: "
            "ALTER ROLE … CREATEDB, or name another one in PGUSER."
        )
    if int(rows[0][1]) < 130000:
        raise Problem("Odoo 19 needs PostgreSQL 13 or newer.")


def is_running() -> bool:
    """Tell whether our own server accepts connections."""
    if not DATA.exists():
        return False
    found = connection()
    command = [
        program("pg_isready"),
        "-q",
        "-h",
        found["PGHOST"],
        "-p",
        found["PGPORT"],
    ]
    try:
        run(command, purpose="Asking PostgreSQL")
    except Problem:
        return False
    return True


def stop() -> None:
    """Stop our own server, if it runs."""
    if DATA.exists() and is_running():
        _control("stop", "-m", "fast")


# -- our own server -----------------------------------------------------------


def _ensure_private() -> None:
    if is_running():
        detail(f"running, socket in {paths.socket_folder()}")
        return
    if (DATA / "PG_VERSION").exists():
        _check_version()
    else:
        _create_cluster()
    _write_settings()
    _make_socket_folder()
    with timed("starting the server"):
        _control("start", "-w", "-t", "120", "-l", str(SERVER_LOG))
    for _attempt in range(100):
        if is_running():
            break
        time.sleep(0.1)
    detail(f"running, socket in {paths.socket_folder()}")


def _server_user() -> str:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    if os.geteuid():
        return getpass.getuser()
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise Problem(
            "PostgreSQL cannot run as root and there is no user 'postgres': "
            "install Debian's package 'postgresql', or start as another user."
        ) from None


def as_server_user(command: list[str]) -> list[str]:
    """Return a command as the user runs it that a server belongs to."""
    if os.geteuid():
        return command
    user = _server_user()
    switch = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
    if not _reachable_by_others(paths.VAR):
        # A repository in root's home: let the server walk through its folders.
        capability = "+dac_override"
        switch += [f"--inh-caps={capability}", f"--ambient-caps={capability}"]
    return [*switch, *command]


def _reachable_by_others(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))


def own(folder: Path, mode: int) -> None:
    """Create a folder that belongs to the user of the server."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
    if os.geteuid() == 0:
        shutil.chown(folder, _server_user(), _server_user())


def _create_cluster() -> None:
    own(paths.POSTGRES, 0o755)
    shutil.rmtree(DATA, ignore_errors=True)
    with timed("creating the cluster"):
        run(
            as_server_user(
                [
                    program("initdb"),
                    "--pgdata",
                    str(DATA),
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    f"--username={ROLE}",
                    "--auth=peer",
                    "--no-sync",
                    "--no-instructions",
                ]
            ),
            purpose="Creating the database cluster",
        )


def _make_socket_folder() -> None:
    folder = paths.socket_folder()
    own(folder, 0o755 if folder.parent == paths.POSTGRES else 0o750)


def _check_version() -> None:
    """A cluster belongs to one major version of the server."""
    mine = (DATA / "PG_VERSION").read_text().strip()
    installed = run([program("postgres"), "--version"], purpose="Asking PostgreSQL")
    if f" {mine}." not in installed and f" {mine} " not in installed:
        raise Problem(
            f"The cluster in {DATA} is of PostgreSQL {mine}, installed is "
            f"{installed.split()[2]}: 'make clean' and start again."
        )


def _write_settings() -> None:
    """Write the server's settings; they take the machine's memory into account."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    buffers = max(128, min(1024, memory // 8))
    settings = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": str(paths.socket_folder()),
        "max_connections": "200",
        "shared_buffers": f"{buffers}MB",
        "effective_cache_size": f"{max(512, memory // 2)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB" if memory > 4000 else "64MB",
        # Nothing here has to survive a power cut.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "30min",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_min_duration_statement": "-1",
        "log_checkpoints": "off",
    }
    shared = os.statvfs("/dev/shm") if Path("/dev/shm").is_dir() else None
    if shared is None or shared.f_blocks * shared.f_frsize < 2**28:
        # Containers give 64 MB, too little for parallel queries.
        settings["dynamic_shared_memory_type"] = "mmap"
    lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
    config = DATA / "postgresql.conf"
    marker = "# --- settings of the development environment ---\n"
    head = config.read_text().split(marker)[0]
    config.write_text(head + marker + "".join(lines))
    (DATA / "pg_hba.conf").write_text("local all all peer map=developers\n")
    users = {getpass.getuser(), _server_user(), "root"}
    # Version 15 has no pattern for roles: name those that are used.
    identities = [
        f"developers {user} {role}\n"
        for user in sorted(users)
        for role in sorted({ROLE, "postgres", *users})
    ]
    (DATA / "pg_ident.conf").write_text("".join(identities))


def _control(*words: str) -> None:
    try:
        run(
            as_server_user([program("pg_ctl"), "-s", "-D", str(DATA), *words]),
            purpose=f"PostgreSQL's {words[0]}",
            cwd=Path("/"),
        )
    except Problem as problem:
        tail = ""
        if SERVER_LOG.exists():
            lines = SERVER_LOG.read_text(errors="replace").splitlines()
            tail = f" The server said: {lines[-1] if lines else 'nothing'}"
        raise Problem(f"{problem}{tail}") from None
