"""The settings of reports that are made by themselves."""

from dataclasses import dataclass

from tidegate.config.setting import setting
from tidegate.config.values import clock_time, text, timezone

HOUR_MINUTES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Daily and weekly reports, made by the process that leads; see docs/howto/reports.md."""

    at: str = setting(
        clock_time,
        "07:00",
        "When the day before is reported, of each rollout that ran in it (where its stage has "
        "`report: daily`), and on Mondays the week before; `off`: never.",
    )
    timezone: str = setting(
        timezone, "UTC", "Whose clock shows that time, and whose days and weeks they are."
    )
    folder: str = setting(
        text,
        "",
        "A folder, absolute or within the home, that they are also written to, as Markdown, HTML and JSON; "
        "empty: none.",
    )

    @property
    def minute(self) -> int | None:
        """The minute of the day at which they are made; None: never."""
        if self.at == "off":
            return None
        hours, minutes = self.at.split(":")
        return HOUR_MINUTES * int(hours) + int(minutes)
