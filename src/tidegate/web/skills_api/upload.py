"""A skill as a form brings it: its files one by one, or one zip, and how it is to be shown."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from tidegate.control.skill_cards import DISPLAY_NAME, check_display_name
from tidegate.domain.errors import InvalidInput, TooLarge
from tidegate.domain.skill import SkillPackage
from tidegate.registry.limits import PackageLimits
from tidegate.registry.validate import Inspection, inspect_files, inspect_zip

FILES = ("files", "files[]")
LABELS = {"display_name": DISPLAY_NAME, "display_title": 64}
"""The field by which each shape names the skill, and its most characters."""

_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Upload:
    """A sound package; `display_name` empty where none was given."""

    package: SkillPackage
    display_name: str


class _WholeForm(MultiPartParser):
    """Knows whether the closing boundary came: without it the last file may be cut off, or missing."""

    whole = False

    def on_end(self) -> None:
        self.whole = True
        super().on_end()

    def abandon(self) -> None:
        """Close every file, also one that is cut off."""
        for file in self._files_to_close_on_error:
            file.close()


async def read_upload(request: Request, limits: PackageLimits) -> Upload:
    """The package in a request's form; large files wait on disk, and the gate bounds all of it.

    Raises InvalidInput or TooLarge with every finding.
    """
    form = await _form(request, limits.files)
    try:
        display_name = _display_name(form)
        sent = [
            (file.filename or "", await file.read())
            for field, file in form.multi_items()
            if field in FILES and isinstance(file, UploadFile)
        ]
    finally:
        await form.close()
    if not sent:
        raise InvalidInput("files: Field required: send the skill's files, or one zip, as `files[]`")
    inspection = await run_in_threadpool(_inspect, sent, limits)
    return Upload(inspection.accepted(), display_name)


async def _form(request: Request, most: int) -> FormData:
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "multipart/form-data":
        raise InvalidInput("content-type: send multipart/form-data, the skill's files in fields `files[]`")
    parser = _WholeForm(request.headers, request.stream(), max_files=most + 1, max_fields=8)
    try:
        form = await parser.parse()
    except MultiPartException as wrong:
        if "Too many files" in wrong.message:
            raise TooLarge(f"files: over {most} of them; a package has at most {most}") from None
        raise InvalidInput(f"the multipart form cannot be read: {wrong.message}") from None
    except ValueError:  # of a `charset` that decodes nothing, in the content-type
        parser.abandon()
        raise InvalidInput("content-type: its `charset` reads no form; leave it out") from None
    if not parser.whole:
        parser.abandon()
        raise InvalidInput("the multipart form is cut off: its closing boundary is missing; send it again")
    return form


def _display_name(form: FormData) -> str:
    found = ""
    for field, value in form.multi_items():
        if field in FILES and isinstance(value, UploadFile):
            continue
        if field in FILES:
            raise InvalidInput(f"{field}: is text; each part of it must be a file, with a filename")
        most = LABELS.get(field)
        if most is None or not isinstance(value, str):
            raise InvalidInput(
                f"{field[:80]!r}: is no field of this form; it has `files[]` and `display_name`, or in "
                "the beta `display_title`"
            )
        if value:
            check_display_name(field, value, most)
            found = value
    return found


def _inspect(sent: list[tuple[str, bytes]], limits: PackageLimits) -> Inspection:
    if len(sent) == 1 and sent[0][1].startswith(_ZIP):
        return inspect_zip(sent[0][1], limits)
    return inspect_files(sent, limits)
