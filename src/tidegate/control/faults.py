"""Each refusal's HTTP status and type: the control API writes them, and its clients read them back."""

from tidegate.domain.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    Overloaded,
    ProviderUnavailable,
    StoreUnavailable,
    TidegateError,
    TooLarge,
    Unauthenticated,
)

FAULTS: tuple[tuple[type[TidegateError], int, str], ...] = (
    (TooLarge, 413, "too_large"),
    (InvalidInput, 400, "invalid_request"),
    (Unauthenticated, 401, "unauthenticated"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "not_found"),
    (Conflict, 409, "conflict"),
    (Overloaded, 529, "overloaded"),
    (StoreUnavailable, 503, "store_unavailable"),
    (ProviderUnavailable, 502, "provider_unavailable"),
)
"""Error class, status and type; a class before the one it derives from."""


def status_of(error: Exception) -> int:
    """The HTTP status of a refusal; 500 for what is none."""
    return next((status for kind, status, _ in FAULTS if isinstance(error, kind)), 500)


def type_of(status: int) -> str:
    """The type of a status, as the body names it."""
    return next((name for _, known, name in FAULTS if known == status), "internal_error")


def error_of(status: int, message: str) -> TidegateError:
    """The refusal that a status and message stand for."""
    kind = next((kind for kind, known, _ in FAULTS if known == status), TidegateError)
    return kind(message)
