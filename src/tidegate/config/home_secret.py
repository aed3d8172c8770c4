"""The home's own secret, which keys the hashes of units."""

import os
import secrets
from pathlib import Path

from tidegate.config.settings import Settings
from tidegate.domain.errors import InvalidInput


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
