"""A PostgreSQL server of a test's own, which may crash in the middle of it."""

import shutil
import tempfile
from pathlib import Path

from dev import postgres
from dev.console import run

PORT = "5470"
SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "shared_buffers": "64MB",
    # The server crashes here, the machine does not.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


class OwnPostgres:
    """A cluster in a folder of its own, reached by a socket only.

    :param folder: a short path, since that of a socket has to be
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.data = folder / "data"
        self.connection = {
            "PGHOST": str(folder),
            "PGPORT": PORT,
            "PGUSER": postgres.ROLE,
        }
        self.options = ["--db_host", str(folder), "--db_port", PORT]
        self.start = self._control("start", "-w", "-l", str(folder / "log"))
        #: As if its process were killed; it recovers when it is started again.
        self.crash = self._control("stop", "-m", "immediate")

    def _control(self, *words: str) -> list[str]:
        command = [postgres.program("pg_ctl"), "-s", "-D", str(self.data), *words]
        return postgres.as_server_user(command)

    def create(self) -> None:
        """Make the cluster and start it."""
        postgres.own(self.folder, 0o755)
        self._run(
            postgres.as_server_user(
                [
                    postgres.program("initdb"),
                    *("--pgdata", str(self.data)),
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    f"--username={postgres.ROLE}",
                    "--auth=trust",
                    "--no-sync",
                    "--no-instructions",
                ]
            )
        )
        settings = SETTINGS | {"unix_socket_directories": str(self.folder)}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        with (self.data / "postgresql.conf").open("a") as config:
            config.writelines(lines)
        self._run(self.start)

    def restore(self, template: str, name: str) -> None:
        """Have a database like one of the server that all use."""
        dump = self.folder / "dump"
        pg_dump = [postgres.program("pg_dump"), "-Fc", "-Z0", "-f", str(dump), template]
        run(pg_dump, purpose="Dumping a database", env=postgres.connection())
        pg_restore = [postgres.program("pg_restore"), "-j2", "--no-owner", "-d", name]
        self._run([postgres.program("createdb"), "-T", "template0", name])
        self._run([*pg_restore, str(dump)])

    def copy(self, template: str, name: str) -> None:
        """Have a database like one of this server."""
        self._run([postgres.program("createdb"), "-T", template, name])

    def remove(self) -> None:
        """Stop it, and leave nothing behind."""
        try:
            self._run(self.crash)
        finally:
            shutil.rmtree(self.folder)

    def _run(self, command: list[str]) -> None:
        run(
            command,
            purpose="A server of the test's own",
            env=self.connection,
            cwd=Path("/"),
        )


def make() -> OwnPostgres:
    """Return a running server in a folder that did not exist."""
    server = OwnPostgres(Path(tempfile.mkdtemp(prefix="emc_pg_")))
    server.create()
    return server
