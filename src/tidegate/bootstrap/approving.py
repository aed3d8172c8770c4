"""Links that approve of a stage, as the settings say."""

from functools import partial

from tidegate.config import Settings, unit_secret
from tidegate.control.approval_links import ApprovalLinks


def approval_links(settings: Settings) -> ApprovalLinks:
    """Signed under the secret that all gateways of one store share."""
    given = settings.approvals
    return ApprovalLinks(
        secret=partial(unit_secret, settings), url=given.url, keys=given.keys, seconds=given.valid
    )
