"""What a source told, as the key that a header can carry."""

from tidegate.domain.errors import InvalidInput

LONGEST = 16_384
"""Characters of a key; tokens of some providers have thousands."""


def secret_of(told: bytes, *, of: str, mend: str) -> str:
    """The first line; raises InvalidInput, which never repeats what was told.

    `of` says what told it, `mend` what to do where it told nothing.
    """
    secret = told.split(b"\n", 1)[0].strip()
    if not secret:
        raise InvalidInput(f"{of} has an empty first line: {mend}")
    if len(secret) > LONGEST:
        raise InvalidInput(f"{of} has a first line of over {LONGEST} characters, which is no key: {mend}")
    if not all(0x21 <= byte <= 0x7E for byte in secret):
        raise InvalidInput(
            f"{of} has a key with spaces or other characters that no HTTP header may carry: {mend}"
        )
    return secret.decode("ascii")
