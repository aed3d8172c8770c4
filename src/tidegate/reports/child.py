"""A process that writes one report: `python -m tidegate.reports.child`, the report in, its page out."""

import sys

import msgspec

from tidegate.domain.reporting.document import RolloutReport
from tidegate.domain.reporting.week import WeeklyReport
from tidegate.reports.pages import page

WEEKLY = "weekly"
"""What a weekly report calls itself; every other one is of a rollout."""


def main() -> None:
    """Arguments: what report it is, and `md` or `html`."""
    what, form = sys.argv[1:]
    shape = WeeklyReport if what == WEEKLY else RolloutReport
    report = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=shape)
    sys.stdout.buffer.write(page(report, form))


if __name__ == "__main__":
    main()
