"""Every way in which a SKILL.md is refused: the place, what was found, what to do."""

import zipfile
from collections.abc import Callable

import pytest

from tidegate.domain.errors import InvalidInput, TooLarge
from tidegate.registry.validate import validate_zip

HEAD = "name: tide-table\ndescription: Reads tide tables."


def front(lines: str) -> str:
    return f"---\n{lines}\n---\n# Body\n"


def tidegate(key: str, value: str) -> str:
    return front(f"{HEAD}\nmetadata:\n  tidegate.{key}: {value}")


CASES: dict[str, tuple[str | bytes, list[str]]] = {
    "no fence": ("# Tides\n", ["SKILL.md:1:1:", "'# Tides'", "first line must be '---'"]),
    "empty file": ("", ["SKILL.md:1:1:", "''", "first line"]),
    "fence not closed": ("---\nname: tide-table\n", ["SKILL.md:1:1:", "never closed", "add a line '---'"]),
    "space before the fence": (" ---\nname: a\n---\n", ["SKILL.md:1:1:", "first line"]),
    "byte order mark": (b"\xef\xbb\xbf---\n", ["SKILL.md:1:1:", "byte order mark", "without BOM"]),
    "utf-16": (front(HEAD).encode("utf-16"), ["SKILL.md:1:", "not UTF-8", "0xFF"]),
    "latin-1": (front(HEAD).encode() + b"caf\xe9\n", ["SKILL.md:6:", "0xE9", "save the file as UTF-8"]),
    "NUL in the body": (front(HEAD) + "a\x00b\n", ["SKILL.md:6:2:", "U+0000", "remove it"]),
    "lone carriage return": (front(HEAD) + "a\rb\n", ["SKILL.md:6:2:", "U+000D"]),
    "no body": (f"---\n{HEAD}\n---\n\n  \n", ["SKILL.md:4:", "no text after", "what the model is to do"]),
    "empty frontmatter": ("---\n---\nbody\n", ["SKILL.md:1:1:", "empty", "'name' and 'description'"]),
    "a list": (front("- name"), ["SKILL.md:2:1:", "a list", "'key: value'"]),
    "plain text": (front("hello"), ["SKILL.md:2:1:", "plain text", "'key: value'"]),
    "tab for indentation": (front(f"{HEAD}\nmetadata:\n\tk: v"), ["SKILL.md:5:1:", "not valid"]),
    "colon in a value": (front("name: tide-table\ndescription: a: b"), ["SKILL.md:3:15:", "quote a value"]),
    "unclosed quote": (front('name: "tide'), ["SKILL.md:", "not valid", "quoted scalar"]),
    "two documents": (front(f"{HEAD}\n--- x"), ["SKILL.md:4:", "not valid", "document"]),
    "impossible escape": (front('name: "\\U00110000"'), ["SKILL.md:2:", "cannot be read", "escapes"]),
    "lone surrogate escape": (front('name: "\\uD800"'), ["SKILL.md:2:7:", "U+D800"]),
    "NUL escape": (front(f'{HEAD}\nlicense: "a\\0"'), ["SKILL.md:4:10:", "U+0000"]),
    "anchor": (front(f"{HEAD}\nlicense: &a MIT"), ["SKILL.md:4:10:", "anchor '&a'", "write each value out"]),
    "alias": (front(f"{HEAD}\nlicense: *a"), ["SKILL.md:4:10:", "alias '*a'", "write the value out"]),
    "tag": (
        front("name: !!str 1\ndescription: d"),
        ["SKILL.md:2:7:", "tag 'tag:yaml.org,2002:str'", "remove"],
    ),
    "python tag": (front("name: !!python/name:os.system x"), ["SKILL.md:2:7:", "python/name", "remove it"]),
    "merge key": (front(f"{HEAD}\nmetadata:\n  <<: {{}}"), ["SKILL.md:5:3:", "a merge to YAML"]),
    "duplicate key": (front(f"{HEAD}\nname: other"), ["SKILL.md:4:1:", "twice, first in line 2", "keep one"]),
    "duplicate metadata": (
        front(f"{HEAD}\nmetadata:\n  a: b\n  a: c"),
        ["SKILL.md:6:3:", "metadata key 'a'"],
    ),
    "too deep": (front(f"{HEAD}\nlicense: {'[' * 40}{']' * 40}"), ["SKILL.md:4:", "nested over 16 deep"]),
    "too many values": (front(f"license: [{'a,' * 3000}]"), ["SKILL.md:2:", "over 2,000", "file of its own"]),
    "unknown key": (
        front(f"{HEAD}\nlicence: MIT"),
        ["SKILL.md:4:1:", "'licence'", "did you mean 'license'?"],
    ),
    "name missing": (front("description: d"), ["SKILL.md:1:1:", "name is missing"]),
    "description missing": (front("name: tide-table"), ["SKILL.md:1:1:", "description is missing"]),
    "name is a number": (front("name: 123\ndescription: d"), ["SKILL.md:2:7:", "'123', a number", '"123"']),
    "name is a truth value": (front("name: yes\ndescription: d"), ["SKILL.md:2:7:", "'yes', true or false"]),
    "name is a date": (front("name: 2026-01-31\ndescription: d"), ["SKILL.md:2:7:", "a date", "quote it"]),
    "name is empty": (front("name:\ndescription: d"), ["SKILL.md:2:6:", "name is empty", "a string"]),
    "name is a map": (front("name: {a: b}\ndescription: d"), ["SKILL.md:2:7:", "name is a map"]),
    "name in capitals": (front("name: Tide\ndescription: d"), ["SKILL.md:2:7:", "'Tide'", "a-z, 0-9"]),
    "name with underscore": (front("name: a_b\ndescription: d"), ["SKILL.md:2:7:", "'a_b'", "single '-'"]),
    "name ends in a hyphen": (front("name: tide-\ndescription: d"), ["SKILL.md:2:7:", "'tide-'"]),
    "name with two hyphens": (front("name: a--b\ndescription: d"), ["SKILL.md:2:7:", "'a--b'"]),
    "name with a line end": (front('name: "tide-table\\n"\ndescription: d'), ["SKILL.md:2:7:", "a-z, 0-9"]),
    "name too long": (
        front(f"name: {'a' * 65}\ndescription: d"),
        ["SKILL.md:2:7:", "65 characters", "most 64"],
    ),
    "reserved name": (front("name: my-claude\ndescription: d"), ["SKILL.md:2:7:", "reserved word 'claude'"]),
    "not the folder": (front("name: tides\ndescription: d"), ["SKILL.md:2:7:", "'tide-table'", "rename"]),
    "blank description": (front("name: tide-table\ndescription: ' '"), ["SKILL.md:3:14:", "0 characters"]),
    "long description": (
        front(f"name: tide-table\ndescription: {'a' * 1025}"),
        ["SKILL.md:3:14:", "1025", "1024"],
    ),
    "tag in description": (
        front("name: tide-table\ndescription: see <b>"),
        ["SKILL.md:3:14:", "XML tag '<b>'"],
    ),
    "long compatibility": (
        front(f"{HEAD}\ncompatibility: {'a' * 501}"),
        ["SKILL.md:4:16:", "501", "1 to 500"],
    ),
    "metadata is text": (front(f"{HEAD}\nmetadata: x"), ["SKILL.md:4:11:", "plain text", "indented below"]),
    "metadata number": (front(f"{HEAD}\nmetadata:\n  v: 1.0"), ["SKILL.md:5:6:", "a number", '"1.0"']),
    "metadata number key": (front(f"{HEAD}\nmetadata:\n  1: a"), ["SKILL.md:5:3:", "a number", "quote it"]),
    "nested metadata": (front(f"{HEAD}\nmetadata:\n  a: {{b: c}}"), ["SKILL.md:5:6:", "metadata a is a map"]),
    "tools as a list": (
        front(f"{HEAD}\nallowed-tools: [Read]"),
        ["SKILL.md:4:16:", "a list", "separated by sp"],
    ),
    "tools of nothing": (front(f"{HEAD}\nallowed-tools: ' '"), ["SKILL.md:4:16:", "''", "by spaces"]),
    "tools not closed": (front(f"{HEAD}\nallowed-tools: Bash(git"), ["SKILL.md:4:16:", "'('", "by spaces"]),
    "tools that are none": (
        front(f"{HEAD}\nallowed-tools: Read; Bash"),
        ["SKILL.md:4:16:", "'Read;'", "by spaces or commas"],
    ),
    "unknown tidegate key": (tidegate("mach", "a"), ["SKILL.md:5:18:", "did you mean 'tidegate.match'?"]),
    "bad pattern": (tidegate("match", "'(a'"), ["SKILL.md:5:19:", "'(a'", "missing )", "not RE2"]),
    "lookahead": (tidegate("match", "'(?=a)'"), ["SKILL.md:5:19:", "lookaround"]),
    "pattern for everything": (tidegate("match", "a*"), ["SKILL.md:5:19:", "every request"]),
    "third pattern bad": (
        front(f"{HEAD}\nmetadata:\n  tidegate.match: |\n    one\n    two\n    [x"),
        ["SKILL.md:8:", "'[x'", "missing ]"],
    ),
    "huge pattern": (tidegate("match", "'(\\pL{1,900}){1,9}'"), ["SKILL.md:5:19:", "'(\\\\pL{1,900})"]),
    "large pattern": (
        tidegate("match", "'(?i)(\\pL{100}|x)'"),
        ["SKILL.md:5:19:", "too large once compiled"],
    ),
    "no pattern": (tidegate("match", "' '"), ["SKILL.md:5:19:", "0 patterns", "1 to 64"]),
    "no keywords": (tidegate("keywords", "','"), ["SKILL.md:5:22:", "0 words", "commas or spaces"]),
    "no examples": (tidegate("examples", "' '"), ["SKILL.md:5:22:", "0 requests", "one a line"]),
    "too many examples": (
        front(f"{HEAD}\nmetadata:\n  tidegate.examples: |\n" + "\n".join(f"    ask {n}" for n in range(129))),
        ["SKILL.md:5:22:", "129 requests", "1 to 128"],
    ),
    "a long example": (
        front(f"{HEAD}\nmetadata:\n  tidegate.examples: |\n    short\n    {'long ' * 61}"),
        ["SKILL.md:7:", "of 304 characters", "at most 300", "one request a line"],
    ),
    "requires itself": (
        tidegate("requires", "tide-table"),
        ["SKILL.md:5:22:", "the skill itself", "remove it"],
    ),
    "requires no name": (tidegate("requires", "Moon"), ["SKILL.md:5:22:", "'Moon'", "a-z, 0-9"]),
    "excludes what it requires": (
        front(f"{HEAD}\nmetadata:\n  tidegate.requires: moon\n  tidegate.excludes: moon, sun"),
        ["SKILL.md:6:22:", "'moon'", "keep one of the two"],
    ),
    "unknown mode": (tidegate("mode", "hostd"), ["SKILL.md:5:18:", "'hostd'", "allowed: hosted, native"]),
    "timeout without unit": (tidegate("timeout", "'5'"), ["SKILL.md:5:21:", "'5'", "'5s' or '500ms'"]),
    "timeout of nothing": (tidegate("timeout", "0s"), ["SKILL.md:5:21:", "'0s'"]),
    "timeout of an hour": (tidegate("timeout", "60m"), ["SKILL.md:5:21:", "'60m'", "at most '10m'"]),
    "unknown cache rule": (
        tidegate("cache", "sometimes"),
        ["SKILL.md:5:19:", "always, deterministic, never"],
    ),
}


@pytest.mark.parametrize(("skill_md", "said"), CASES.values(), ids=CASES.keys())
def test_a_malformed_skill_md_is_refused_with_place_finding_and_remedy(
    skill_md: str | bytes, said: list[str], pack: Callable[..., bytes]
) -> None:
    content = skill_md.encode() if isinstance(skill_md, str) else skill_md
    with pytest.raises(InvalidInput) as refused:
        validate_zip(pack([("tide-table/SKILL.md", content)]))
    assert not isinstance(refused.value, TooLarge)
    line = next((line for line in str(refused.value).splitlines() if line.startswith(said[0])), None)
    assert line is not None, str(refused.value)
    for part in said[1:]:
        assert part in line


def test_all_findings_are_reported_at_once_in_the_order_of_lines(pack: Callable[..., bytes]) -> None:
    text = front("name: 1\ndescription: yes\nfoo: x\nmetadata:\n  tidegate.mode: x\n  tidegate.cache: y")
    with pytest.raises(InvalidInput) as refused:
        validate_zip(pack([("tide-table/SKILL.md", text.encode())]))
    places = [line.split(": ")[0] for line in str(refused.value).splitlines()]
    assert places == ["SKILL.md:2:7", "SKILL.md:3:14", "SKILL.md:4:1", "SKILL.md:6:18", "SKILL.md:7:19"]


def test_a_frontmatter_over_the_limit_is_too_large(pack: Callable[..., bytes]) -> None:
    text = front(f"{HEAD}\nlicense: |\n" + "  long\n" * 10_000)
    with pytest.raises(TooLarge, match=r"SKILL\.md:1:1: frontmatter is 70,0\d\d bytes; at most 65,536"):
        validate_zip(pack([("tide-table/SKILL.md", text.encode())], zipfile.ZIP_STORED))


def test_a_skill_md_over_the_limit_is_too_large(pack: Callable[..., bytes]) -> None:
    text = front(HEAD) + "".join(f"line {number}\n" for number in range(100_000))
    with pytest.raises(TooLarge, match="move what is only sometimes needed to references/"):
        validate_zip(pack([("tide-table/SKILL.md", text.encode())], zipfile.ZIP_STORED))
