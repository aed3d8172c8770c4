"""What a file is taken for: by its name, as the sandbox does, and by its first line."""

import re
from enum import Enum


class Kind(Enum):
    """What a file is taken for."""

    PROSE = "prose"
    PYTHON = "python"
    SHELL = "shell"
    JAVASCRIPT = "javascript"
    OTHER_SCRIPT = "other script"
    DATA = "data"
    BINARY = "binary"


SCRIPTS = frozenset({Kind.PYTHON, Kind.SHELL, Kind.JAVASCRIPT, Kind.OTHER_SCRIPT})

_BY_SUFFIX = {
    **dict.fromkeys(("md", "markdown", "mdx", "txt", "rst", "adoc", "org"), Kind.PROSE),
    **dict.fromkeys(("py", "pyw", "pyi", "pth"), Kind.PYTHON),
    **dict.fromkeys(("sh", "bash", "zsh", "fish", "ksh", "command", "bats"), Kind.SHELL),
    **dict.fromkeys(("js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx"), Kind.JAVASCRIPT),
    **dict.fromkeys(
        (
            *("ps1", "psm1", "bat", "cmd", "vbs", "rb", "pl", "php", "lua"),
            *("applescript", "scpt", "awk", "r", "mk", "go", "rs", "java", "cs", "kt", "swift", "c", "cpp"),
            *("jl", "scala", "ex", "exs", "tcl", "vba", "bas", "groovy", "gradle", "psd1", "nu"),
        ),
        Kind.OTHER_SCRIPT,
    ),
}  # fmt: skip
_BY_NAME = {"makefile": Kind.OTHER_SCRIPT, "dockerfile": Kind.OTHER_SCRIPT, "justfile": Kind.OTHER_SCRIPT}
_TEXTS = ("readme", "license", "notice", "changelog")
_BY_INTERPRETER = {
    **dict.fromkeys(("python", "pypy", "ipython", "uv", "uvx", "pipx"), Kind.PYTHON),
    **dict.fromkeys(("node", "deno", "bun", "npx", "tsx", "ts-node"), Kind.JAVASCRIPT),
    **dict.fromkeys(("bash", "zsh", "dash", "ksh", "sh", "ash", "fish", "bats", "busybox"), Kind.SHELL),
}
_VERSION = re.compile(r"[\d.]+w?$")


def by_name(path: str) -> Kind:
    """The kind that the name says; DATA where it says none."""
    name = path.rpartition("/")[2].lower()
    stem, _, suffix = name.rpartition(".")
    if name in _BY_NAME or not stem:
        return _BY_NAME.get(name, Kind.PROSE if name in _TEXTS else Kind.DATA)
    return _BY_SUFFIX.get(suffix, Kind.DATA)


def by_interpreter(program: str) -> Kind:
    """The kind of what a program such as `/usr/bin/python3.11` runs."""
    name = program.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    return _BY_INTERPRETER.get(_VERSION.sub("", name), Kind.OTHER_SCRIPT)


def by_first_line(text: str) -> Kind | None:
    """The kind that `#!` names; None where the text has none."""
    if not text.startswith("#!"):
        return None
    words = text[2:400].split("\n", 1)[0].split()
    if words and words[0].endswith("/env"):
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return by_interpreter(words[0]) if words else Kind.OTHER_SCRIPT


def kinds_of(path: str, text: str) -> tuple[Kind, ...]:
    """What the file may be run or read as, the likeliest first: a script's suffix goes before its `#!`."""
    named, first = by_name(path), by_first_line(text)
    if first is None or first is named:
        return (named,)
    return (first,) if named is Kind.DATA else (named, first) if named in SCRIPTS else (first, named)
