"""An emulated provider that speaks the Anthropic Messages API on real sockets."""

from tidegate.harness.emulator.faults import Fault
from tidegate.harness.emulator.profile import PROFILES, REALISTIC, Profile, Timing, parse_profile
from tidegate.harness.emulator.server import Emulator, start_emulator

__all__ = [
    "PROFILES",
    "REALISTIC",
    "Emulator",
    "Fault",
    "Profile",
    "Timing",
    "parse_profile",
    "start_emulator",
]
