"""How packages are judged, as it is configured."""

from tidegate.config import Settings
from tidegate.registry.scan.gate import Scan
from tidegate.registry.scan.policy import Policy, policy_of


def scan_policy(settings: Settings) -> Policy:
    """Which findings block."""
    given = settings.scan
    return policy_of(given.block, given.second_block, second_required=given.second_required)


def second_opinion(settings: Settings) -> Scan | None:
    """The other scanner, where one is set."""
    if not settings.scan.second:
        return None
    from tidegate.registry.scan.second import SecondOpinion  # noqa: PLC0415 (seldom set; memory of each gateway)

    return SecondOpinion(settings.scan.second, seconds=settings.scan.second_time).scan
