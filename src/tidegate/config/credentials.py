"""Secrets that live beside the configuration: the upstream's key, and the home's own secret."""

import os
import secrets
from pathlib import Path

from tidegate.config.settings import Settings, Upstream
from tidegate.domain.errors import InvalidInput

NO_KEY = "unset"
"""Sent where no upstream key is configured: a header that is there and says what is wrong."""


def upstream_key(upstream: Upstream, section: str = "upstream") -> str:
    """The gateway's key at the provider, from `key` or the first line of `key_file` in that section.

    A client's own key is checked here and never forwarded. Without a key of its own the gateway sends NO_KEY:
    what runs on this machine (an emulator, a local model server) mostly asks for none. Raises InvalidInput
    where there is none and the upstream is the provider's own.
    """
    if upstream.key and upstream.key_file:
        raise InvalidInput(f"both {section}.key and {section}.key_file are set; keep one of them")
    key = _first_line(Path(upstream.key_file), section) if upstream.key_file else upstream.key
    if not key and upstream.key_file:
        raise InvalidInput(
            f"{section}.key_file {upstream.key_file} has an empty first line: write the key there"
        )
    if not key and upstream.url != Upstream().url:
        return NO_KEY
    if not key:
        raise InvalidInput(
            f"no key for the upstream {upstream.url}: set TIDEGATE_UPSTREAM_KEY, or upstream.key_file in "
            "tidegate.toml (clients' keys are Tidegate's own and are never forwarded), or use --emulator"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidInput(
            "the upstream's key holds characters that no HTTP header may carry; check its source"
        )
    return key


def _first_line(path: Path, section: str) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except OSError as wrong:
        raise InvalidInput(f"{section}.key_file {path} cannot be read: {wrong.strerror}") from None


def unit_secret(settings: Settings) -> bytes:
    """32 bytes that key the hashes of units: `identity.secret_file`, else the home's own `secret`.

    The home's is made at the first start, readable by the owner alone; of two processes that start at once,
    whoever links the file first wins. Raises InvalidInput for a file that is missing or damaged.
    """
    named = settings.identity.secret_file
    path = Path(named).expanduser() if named else settings.home / "secret"
    if not named and not path.exists():
        _make_secret(path)
    try:
        secret = path.read_bytes()
    except OSError as wrong:
        raise InvalidInput(f"identity.secret_file {path} cannot be read: {wrong.strerror}") from None
    if len(secret) != 32:
        raise InvalidInput(f"{path} must hold 32 bytes and holds {len(secret)}; restore it from a backup")
    return secret


def _make_secret(path: Path) -> None:
    draft = path.with_name(f".secret.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its secret is the home's
    finally:
        draft.unlink()
