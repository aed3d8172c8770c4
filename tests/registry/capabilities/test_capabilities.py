"""What scripts use is read off them, whatever they call it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.registry.capabilities.capability import Capability, Use
from tidegate.registry.capabilities.derive import capabilities_of, changed

NOTHING = "import json, re, sys\nprint(json.dumps(re.findall('a', sys.stdin.read())))\n"


def found(text: str, path: str = "scripts/x.py") -> set[tuple[str, int, str]]:
    return {(use.capability.value, use.line, use.seen) for use in capabilities_of({path: text.encode()})}


@pytest.mark.parametrize(
    ("text", "capability", "seen"),
    [
        ("import socket", "network", "socket"),
        ("import urllib.request as u", "network", "urllib.request"),
        ("from urllib import request", "network", "urllib.request"),
        ("from http.client import HTTPSConnection", "network", "http.client"),
        ("import asyncio as a\na.open_connection('x', 1)", "network", "asyncio.open_connection"),
        ("open('x')", "files", "open"),
        ("from pathlib import Path\nPath('x').write_text('')", "files", "write_text"),
        ("import os\nos.remove('x')", "files", "os.remove"),
        ("from os import remove as gone\ngone('x')", "files", "os.remove"),
        ("import subprocess as sp", "processes", "subprocess"),
        ("import os as o\no.system('ls')", "processes", "os.system"),
        ("from os import environ", "environment", "os.environ"),
        ("import os\nos.environ['A']", "environment", "os.environ"),
        ("from pathlib import Path\nPath.home()", "environment", "pathlib.Path.home"),
        ("exec('1')", "code", "exec"),
        ("import importlib\nimportlib.import_module('x')", "code", "importlib.import_module"),
        ("def f():\n    import ctypes", "code", "ctypes"),
    ],
)
def test_python_is_read_by_its_imports_and_names(text: str, capability: str, seen: str) -> None:
    line = text.count("\n") + 1
    assert (capability, line, seen) in found(text) or (capability, 1, seen) in found(text)


def test_a_script_that_only_reads_and_prints_uses_nothing() -> None:
    assert found(NOTHING) == set()
    assert found("environ = {}\nenviron['a'] = 1\nsystem = str\nsystem(1)\n") == set()


def test_python_that_cannot_be_read_may_do_anything() -> None:
    assert {capability for capability, _, _ in found("import os\nos.system(")} == {"code"}
    assert found("x = 1\n" * 100_000) == {("code", 1, "too long to be read")}


@pytest.mark.parametrize("path", ["scripts/x.sh", "scripts/x.js", "scripts/x.py"])
def test_a_script_that_is_too_long_is_not_read(path: str) -> None:
    assert found("$A\n" * 200_000, path) == {("code", 1, "too long to be read")}


@pytest.mark.parametrize(
    ("line", "capability", "seen"),
    [
        ("curl -s https://x.example", "network", "curl"),
        ("x=$(wget -qO- https://x.example)", "network", "wget"),
        ("cat < /dev/tcp/x.example/80", "network", "/dev/tcp/"),
        ("git push origin main", "network", "git push"),
        ("cat notes.md | grep tide", "files", "cat"),
        ("echo done > out.txt", "files", "> out.txt"),
        ("echo $HOME", "environment", "$HOME"),
        ('eval "$1"', "code", "eval"),
        ("python3 -c 'print(1)'", "code", "python3 -c"),
    ],
)
def test_shell_is_read_line_by_line(line: str, capability: str, seen: str) -> None:
    uses = found(f"#!/bin/sh\n{line}\n", "scripts/x.sh")
    assert (capability, 2, seen) in uses
    assert ("processes", 1, "a shell script") in uses


def test_shell_comments_and_joined_streams_are_no_use() -> None:
    assert found("# curl x\necho done 2>&1\n", "x.sh") == {("processes", 1, "a shell script")}


@pytest.mark.parametrize(
    ("line", "capability", "seen"),
    [
        ("await fetch(address)", "network", "fetch"),
        ("const net = require('node:net')", "network", "node:net"),
        ('import fs from "fs"', "files", "fs"),
        ("import { spawn } from 'child_process'", "processes", "child_process"),
        ("const key = process.env.KEY", "environment", "process.env"),
        ("new Function('return 1')()", "code", "new Function"),
    ],
)
def test_javascript_is_read_line_by_line(line: str, capability: str, seen: str) -> None:
    assert found(line, "scripts/x.mjs") == {(capability, 1, seen)}


def test_what_is_in_no_language_that_is_read_may_do_anything() -> None:
    assert found("puts 1", "scripts/x.rb") == {("code", 1, "a script in a language that is not read")}
    assert found("\x7fELF\0", "scripts/tool") == {("code", 0, "a program in binary form")}


def test_prose_data_and_evals_are_no_scripts() -> None:
    files = {"SKILL.md": b"import socket", "evals/x.py": b"import socket", "data.csv": b"curl,1"}
    assert capabilities_of(files) == ()


def test_a_first_line_makes_a_script_of_any_file() -> None:
    assert ("network", 2, "socket") in found("#!/usr/bin/env python3\nimport socket\n", "tools/run")


def test_each_thing_is_told_once_a_file_by_capability_file_and_line() -> None:
    files = {"scripts/b.py": b"import socket\nimport socket\n", "scripts/a.py": b"open('x')\nimport socket\n"}
    assert [(use.capability, use.path, use.line) for use in capabilities_of(files)] == [
        (Capability.NETWORK, "scripts/a.py", 2),
        (Capability.NETWORK, "scripts/b.py", 1),
        (Capability.FILES, "scripts/a.py", 1),
    ]


def test_what_only_moved_has_not_changed() -> None:
    before = capabilities_of({"scripts/a.py": b"import socket\nopen('x')\n"})
    after = capabilities_of({"scripts/a.py": b"\n\nimport socket\nimport subprocess\n"})
    added, removed = changed(before, after)
    assert [use.seen for use in added] == ["subprocess"]
    assert [use.seen for use in removed] == ["open"]


@given(st.binary(max_size=300), st.sampled_from(["scripts/x.py", "x.sh", "x.js", "scripts/x", "x.rb"]))
def test_any_bytes_are_read_without_an_error(content: bytes, path: str) -> None:
    for use in capabilities_of({path: content}):
        assert isinstance(use, Use)
        assert use.seen
