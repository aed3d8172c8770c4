"""Which findings keep a package from being published."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.registry.scan.found import Found
from tidegate.registry.scan.severity import Severity

NEVER = "never"


@dataclass(frozen=True, slots=True)
class Policy:
    """`block` is the least severity that blocks; None lets everything pass."""

    block: Severity | None = Severity.HIGH

    def blocking(self, findings: Sequence[Found]) -> tuple[Found, ...]:
        """The findings that block."""
        if self.block is None:
            return ()
        return tuple(each for each in findings if each.severity.rank >= self.block.rank)


def policy_of(block: str) -> Policy:
    """The policy by its written form: a severity, or `never`."""
    return Policy(None if block == NEVER else Severity(block))
