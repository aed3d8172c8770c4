"""What a gateway is called: its URL, and the name of each of its processes."""

import os
import secrets
import socket


def url_of(host: str, port: int) -> str:
    """The base URL of a gateway that listens there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def new_process_id() -> str:
    """A name for this process that no other has, now or later."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
