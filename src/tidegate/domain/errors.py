"""The errors a caller acts on differently; every message says what happened, where, and what to do."""


class TidegateError(Exception):
    """Anything Tidegate refuses or fails at, with a message meant for a person."""


class InvalidInput(TidegateError):
    """The input is wrong and will stay wrong: mend it and send it again (HTTP 400, exit 1)."""


class TooLarge(InvalidInput):
    """The input exceeds a size limit (HTTP 413, exit 1)."""


class Unauthenticated(TidegateError):
    """No key, or one that is unknown, revoked or expired (HTTP 401)."""


class Forbidden(TidegateError):
    """The key is good but its role or tenant does not allow this (HTTP 403)."""


class NotFound(TidegateError):
    """The named thing does not exist (HTTP 404, exit 1)."""


class Conflict(TidegateError):
    """The thing exists but its state does not allow this now (HTTP 409, exit 1)."""


class StoreUnavailable(TidegateError):
    """The store cannot be reached now: serve on from the snapshot and spool (HTTP 503)."""


class ProviderUnavailable(TidegateError):
    """The provider cannot be reached, or fails: the same is worth trying again later (HTTP 502, exit 1)."""


class Overloaded(TidegateError):
    """Too much is going on at once: the same request is welcome a bit later (HTTP 529, retry-after)."""


class QuotaExceeded(TidegateError):
    """A key or tenant has used what it may (HTTP 429): there is room again after `retry_after` seconds.

    `retry` says whether that is soon enough for a client to wait by itself.
    """

    def __init__(self, message: str, *, retry_after: float, retry: bool) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.retry = retry


class CredentialRefused(TidegateError):
    """The provider refuses the gateway's key (HTTP 502): come back after `retry_after` seconds, or never."""

    def __init__(self, message: str, *, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UpstreamUnavailable(TidegateError):
    """The provider cannot be asked for now (HTTP 503), maybe again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
