"""Names that strangers give, within what every store can keep and find again by an index."""

from tidegate.domain.errors import InvalidInput

LONGEST_NAME = 256
"""Characters; PostgreSQL has no index entry over 2,704 bytes, and other names share the entry."""


def asked_model(name: str) -> str:
    """The model that a client asks for; raises InvalidInput for one that no ledger could keep."""
    if len(name) > LONGEST_NAME:
        raise InvalidInput(
            f"model: {len(name)} characters are more than the {LONGEST_NAME} a name may have; name a model"
        )
    if not name.isprintable():
        raise InvalidInput(
            "model: a name has no control or other characters that cannot be printed; take them out"
        )
    return name


def recordable(name: str) -> str:
    """A name that an upstream said of itself, cut, and without what cannot be kept."""
    if len(name) <= LONGEST_NAME and name.isprintable():
        return name
    return "".join(each if each.isprintable() else "?" for each in name[:LONGEST_NAME])
