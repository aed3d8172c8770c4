"""An upstream's refusal of the gateway's key, told so that nobody takes it for one of the client's own."""

import msgspec

from tidegate.domain.credential import without_keys
from tidegate.domain.errors import CredentialRefused
from tidegate.serving.upstreams import Endpoint

REFUSALS = frozenset({401, 403})
_SAID_AT_MOST = 300


class _Said(msgspec.Struct):
    message: str = ""


class _Error(msgspec.Struct):
    error: _Said = msgspec.field(default_factory=_Said)


def locked_out(endpoint: Endpoint, status: int, body: bytes) -> CredentialRefused:
    """What to tell the client, and whether to come back; the credential's keeper is told of it.

    What the upstream said goes along with a 403 alone, where it may name a model: a 401 may repeat the key.
    """
    again = None if endpoint.on_refused is None else endpoint.on_refused(endpoint, status)
    whose = "your tenant's credential" if endpoint.own else "this gateway's credential"
    said = _said(endpoint, body) if status == 403 else ""
    what = (
        "it is being read again: try again in a moment"
        if again is not None
        else "your operator has to mend it, and finds it in the gateway's log"
    )
    return CredentialRefused(
        f"the upstream {endpoint.name!r} refused {whose} there (HTTP {status}{said}); your own key is good, "
        f"{what}",
        retry_after=again,
    )


def _said(endpoint: Endpoint, body: bytes) -> str:
    try:
        message = msgspec.json.decode(body, type=_Error).error.message
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    message = without_keys(message, (value for _, value in endpoint.credentials))
    return f": {message[:_SAID_AT_MOST]}" if message else ""
