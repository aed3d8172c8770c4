"""Signatures of thinking blocks: whoever changes one is found out when it is given back."""

from tidegate.harness.emulator.draws import digest


def signature(thinking: str) -> str:
    """The signature that belongs to this text."""
    return f"emulated{digest(0, thinking.encode()):016x}=="
