"""Where JavaScript takes hold of `eval` or `Function` without calling it by its bare name."""

from tidegate.registry.scan.pattern import pattern

_GLOBAL = r"\b(?:globalThis|window|global|self|top|frames)\s*"
_AS_VALUE = pattern(
    rf"{_GLOBAL}(?:\?\.|\.)\s*(?:eval|Function)\b\s*(?:[^\s=]|==|=>|$)|{_GLOBAL}(?:\?\.)?\s*\[\s*[\"'`](?:eval|Function)[\"'`]|"
    r"(?:^|[^.\w$])(?:eval|Function)\s*(?:\?\.\s*\(|\.\s*(?:call|apply|bind)\b)|"
    r"\(\s*[\w$]+\s*,\s*(?:eval|Function)\s*\)\s*[(`]|"
    r"[\w$)\]]\s*=\s*eval\s*(?:[;,)}\]\n]|$)|"
    r"\b(?:const|let|var)\s+[\w$]+\s*=\s*Function\s*(?:[;,\n]|$)|"
    r"[\w$\])]\s*\(\s*eval\s*,|\bReflect\s*\.\s*\w+\s*\(\s*(?:eval|Function)\b|"
    r"\.\s*\w+\s*\(\s*eval\s*\)|"
    r"\.\s*(?:map|forEach|flatMap|then|reduce|filter|from|apply|call|bind)\s*\(\s*Function\s*[,)]|"
    r",\s*eval\s*\)\s*(?:[;,)\n(`]|$)|[\[:?]\s*eval\s*(?:[\],}]|\|\|)"
)
_COMMENT = pattern(r"(?m)^[ \t]*(?://[^\n`]*|/\*[^`]*?\*/)")
"""A comment that begins a line. One with a backtick may be in a template, and is left to be judged."""


def eval_as_value(text: str) -> int:
    """The offset at which `eval` or `Function` is handed on as a value; -1 where it is not."""
    match = _AS_VALUE.search(_without_comments(text))
    return -1 if match is None else match.start()


def _without_comments(text: str) -> str:
    """The text with blanks for comments, and all else where it was."""
    pieces: list[str] = []
    at = 0
    for match in _COMMENT.finditer(text):
        comment = text[match.start() : match.end()]
        line_comment = comment.lstrip().startswith("//")
        if "${" in comment or (line_comment and "*/" in comment):
            continue  # in a template, or the end of another comment, code may follow it on its line
        pieces += (text[at : match.start()], " " * len(comment))
        at = match.end()
    return "".join((*pieces, text[at:]))
