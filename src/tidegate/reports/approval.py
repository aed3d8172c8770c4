"""The page on which somebody promotes a stage by a link: what was decided, one button, no script."""

from dataclasses import dataclass

from tidegate.domain.reporting.document import IncidentShown, RecordShown


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPage:
    """What is asked of whom; `given` of `needed` approvals are there. With a `refusal` there is nothing else.

    `done`: the approval was just given, and `state` and `stage` are those that came of it.
    """

    rollout: str = ""
    state: str = ""
    stage: str = ""
    weight: float = 0.0
    approver: str = ""
    given: int = 0
    needed: int = 1
    record: RecordShown | None = None
    incidents: tuple[IncidentShown, ...] = ()
    revision_noted: bool = False
    """The next stage serves another candidate than this one did."""
    done: bool = False
    refusal: str = ""


def approval_page(page: ApprovalPage) -> bytes:
    """The page as HTML; every text in it is escaped."""
    from tidegate.reports.pages import environment  # noqa: PLC0415 (templates take long to load, and 2 MB)

    return environment(html=True).get_template("approval.html.j2").render(page=page).encode()
