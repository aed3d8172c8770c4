"""A transcript as selection sees it: the texts that users wrote, turn by turn."""

from collections.abc import Sequence

import msgspec


class Turn(msgspec.Struct, frozen=True):
    """One message; `texts` are its text blocks, empty where it only carries tool results or files."""

    role: str
    texts: tuple[str, ...] = ()


def user_texts(turns: Sequence[Turn]) -> list[str]:
    """Every text a user wrote, oldest first; a turn of tool results adds none, so the last ones stay."""
    return [text for turn in turns if turn.role == "user" for text in turn.texts]


def in_progress(turns: Sequence[Turn]) -> bool:
    """True where the assistant has answered before: the conversation began with an earlier request."""
    return any(turn.role == "assistant" for turn in turns)
