"""`/api/approvals/TOKEN`: pages on which people promote by a signed link; it stands for their key."""

import asyncio
from urllib.parse import parse_qs

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tidegate.control.faults import status_of as code_of
from tidegate.control.linked_approval import approve_by_link, open_link
from tidegate.control.observe import Observer
from tidegate.control.status import RolloutStatus, status_of
from tidegate.domain.errors import InvalidInput, TidegateError
from tidegate.reports.approval import ApprovalPage, approval_page
from tidegate.web.control_api.access import Plane

router = APIRouter(prefix="/api/approvals", include_in_schema=False)

HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
"""The address is the approval: it goes into no cache and no referrer, and no other page may frame it."""


@router.get("/{token}")
async def get_approval(token: str, control: Plane) -> Response:
    """What is to be approved of, with the record of the stage's end; opening it changes nothing."""
    try:
        opened = await open_link(control.services, token)
        status = await status_of(control.services, control.observer, opened.rollout)
        return await _page(_shown(status, opened.approver))
    except TidegateError as error:
        return await _page(ApprovalPage(refusal=str(error)), code_of(error))


@router.post("/{token}")
async def post_approval(token: str, control: Plane, request: Request) -> Response:
    """Promote, or give one of several approvals."""
    try:
        opened = await open_link(control.services, token)
        done = await approve_by_link(control.services, token, _reason(await request.body()))
        observer = Observer(control.services.store.ledger)  # what is kept is of the stage that was left
        status = await status_of(control.services, observer, done.rollout)
        return await _page(_shown(status, opened.approver, done=True))
    except TidegateError as error:
        return await _page(ApprovalPage(refusal=str(error)), code_of(error))


def _shown(status: RolloutStatus, approver: str, *, done: bool = False) -> ApprovalPage:
    return ApprovalPage(
        rollout=status.name,
        state=status.state,
        stage=status.stage,
        weight=status.weight,
        approver=approver,
        given=len(status.approvals.given_by),
        needed=status.approvals.needed,
        record=status.record,
        incidents=status.incidents,
        revision_noted=status.revision_noted,
        done=done,
    )


def _reason(body: bytes) -> str:
    """The form's `reason`, which may be left out."""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=5, errors="strict")
    except ValueError:
        raise InvalidInput(
            "the form cannot be read; open the link in a browser and send it from there"
        ) from None
    return fields.get("reason", [""])[0]


async def _page(page: ApprovalPage, code: int = 200) -> Response:
    content = await asyncio.to_thread(approval_page, page)
    return Response(content, code, HEADERS, media_type="text/html; charset=utf-8")
