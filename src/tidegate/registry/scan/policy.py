"""Which findings keep a package from being published."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.registry.scan.found import Found
from tidegate.registry.scan.severity import Severity

NEVER = "never"
NO_OPINION = "no-second-opinion"
"""The rule of the finding that a second opinion was asked for and could not be had."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`block` is the least severity that blocks; None lets everything pass."""

    block: Severity | None = Severity.HIGH
    second: Severity | None = None
    """The same of what a second opinion finds."""
    second_required: bool = False
    """Whether it blocks that there is none."""

    def blocking(self, findings: Sequence[Found]) -> tuple[Found, ...]:
        """The findings that block."""
        return tuple(filter(self._blocks, findings))

    def _blocks(self, finding: Found) -> bool:
        if finding.rule == NO_OPINION:
            return self.second_required
        least = self.second if finding.source else self.block
        return least is not None and finding.severity.rank >= least.rank


def policy_of(block: str, second: str = NEVER, *, second_required: bool = False) -> Policy:
    """The policy by its written form: severities, or `never`."""
    return Policy(_least(block), _least(second), second_required)


def _least(block: str) -> Severity | None:
    return None if block == NEVER else Severity(block)
