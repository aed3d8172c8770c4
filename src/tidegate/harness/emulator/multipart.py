"""`multipart/form-data` taken apart (RFC 7578): what an upload arrives as."""

from email.message import Message

import msgspec

from tidegate.harness.emulator.refusal import Refusal


class FormPart(msgspec.Struct, frozen=True):
    """One field of a form; `filename` is None for a field that is no file."""

    name: str
    filename: str | None
    content: bytes


def read_form(content_type: str, body: bytes) -> list[FormPart]:
    """The parts of a form, in their order; raises Refusal (400)."""
    head = Message()
    head["content-type"] = content_type or "text/plain"
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        raise Refusal(400, "content-type: send multipart/form-data with a boundary")
    _, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))
    if not pieces or not pieces[-1].startswith(b"--"):
        raise Refusal(400, "The request body is not a whole multipart form")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> FormPart:
    lines, found, content = piece.partition(b"\r\n\r\n")
    if not found:
        raise Refusal(400, "A part of the multipart form has no end of its headers")
    head = Message()
    for line in lines.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() == "content-disposition":
            head["content-disposition"] = value.strip()
    name = head.get_param("name", header="content-disposition")
    filename = head.get_filename()
    if not isinstance(name, str):
        raise Refusal(400, "A part of the multipart form has no name")
    return FormPart(name, filename, content)
