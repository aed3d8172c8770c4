"""What a translator raises for an answer that is none."""


class Unreadable(ValueError):
    """An answer that is none in its dialect; the message says why."""
