"""What scripts use is read off them, whatever they call it."""

import pytest
from cpu import cpu_seconds
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.capability import Capability, Use
from tidegate.registry.capabilities.derive import MAX_READ_IN_ALL, capabilities_of, changed

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


@pytest.mark.parametrize(
    ("text", "capability", "seen"),
    [
        ("from os import *\nsystem('ls')", "processes", "os.system"),
        ("from os import *\nprint(environ)", "environment", "os.environ"),
        ("from posix import *\nsystem('ls')", "processes", "os.system"),
        ("import posix\nposix.system('ls')", "processes", "os.system"),
        ("import posix as p\np.environ", "environment", "os.environ"),
        ("from posix import system as s", "processes", "os.system"),
        ("from nt import unlink", "files", "os.unlink"),
        ("import _socket", "network", "socket"),
        ("from _io import open as o", "files", "io.open"),
        ("import _posixsubprocess", "processes", "posixsubprocess"),
        ("import builtins\nbuiltins.__import__('x')", "code", "__import__"),
        ("import builtins as b\nb.exec('1')", "code", "exec"),
        ("import builtins\nbuiltins.open('x')", "files", "open"),
        ("from builtins import eval as e", "code", "eval"),
        ("import builtins\ngetattr(builtins, 'ex' + 'ec')('1')", "code", "exec"),
        ("import builtins\ngetattr(builtins, name)('1')", "code", "a name of builtins that is made up"),
        ("import builtins\nvars(builtins)['eval']('1')", "code", "eval"),
        ("import builtins\nbuiltins.__dict__['eval']('1')", "code", "eval"),
        ("import builtins\nvars(builtins)[name]('1')", "code", "a name of builtins that is made up"),
        ("__builtins__.exec('1')", "code", "exec"),
        ("__builtins__['exec']('1')", "code", "exec"),
        ("__builtins__[name]('1')", "code", "__builtins__"),
        ("print(globals()[name])", "code", "globals"),
        ("__import__('subprocess')", "processes", "subprocess"),
        ("__import__('o' + 's').system('ls')", "processes", "os.system"),
        ("__import__('os.path').remove('x')", "files", "os.remove"),
        ("i = __import__\ni('socket')", "network", "socket"),
        ("import os\ngetattr(os, 'system')('ls')", "processes", "os.system"),
        ("import os\ng = getattr\ng(os, 'sys' 'tem')('ls')", "processes", "os.system"),
        ("import os\nos.__getattribute__('system')", "processes", "os.system"),
        ("import os\nos.__dict__.get('system')", "processes", "os.system"),
        ("import os\no = os\no.remove('x')", "files", "os.remove"),
        ("import os\n(o := os).remove('x')", "files", "os.remove"),
        ("import os\n[os][0].popen('ls')", "processes", "popen"),
        ("import sys\nsys.modules['os'].system('ls')", "processes", "os.system"),
        ("import sys\nsys.modules['subprocess'].run('ls')", "processes", "subprocess"),
        ("import sys\nsys.modules.get('socket')", "network", "socket"),
        ("import sys\nsys.modules[name]", "code", "sys.modules"),
        ("from sys import modules as m\nm['os'].remove('x')", "files", "os.remove"),
        ("from sys import *\nmodules['os'].remove('x')", "files", "os.remove"),
        ("import importlib as i\ni.import_module('subprocess')", "processes", "subprocess"),
        ("from importlib import import_module as m\nm('os').remove('x')", "files", "os.remove"),
        ("from importlib import *\nimport_module(name)", "code", "importlib.import_module"),
        ("import importlib\nimportlib.__import__('socket')", "network", "socket"),
        ("import importlib\nimportlib.reload(x)", "code", "importlib.reload"),
        ("import importlib.util", "code", "importlib.util"),
        ("from importlib.machinery import SourceFileLoader", "code", "importlib.machinery.SourceFileLoader"),
        ("import importlib\ngetattr(importlib, name)", "code", "a name of importlib that is made up"),
        ("import pkgutil\npkgutil.resolve_name('os:system')", "processes", "os.system"),
        ("import imp", "code", "imp"),
        ("import random\nrandom._os.system('ls')", "processes", "os.system"),
        ("import logging\nlogging.sys.modules", "code", "sys.modules"),
        ("from helper import os\nos.system('ls')", "processes", "os.system"),
        ("from .helper import os\nos.system('ls')", "processes", "os.system"),
        ("from helper import subprocess", "processes", "subprocess"),
        ("().__class__.__base__.__subclasses__()", "code", "__subclasses__"),
        ("f.__globals__['x']", "code", "__globals__"),
    ],
)
def test_ways_round_imports_and_names_are_seen(text: str, capability: str, seen: str) -> None:
    assert (capability, text.count("\n") + 1, seen) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "import sys\nprint(sys.platform, sys.argv, sys.version_info)",
        "from importlib.metadata import version\nimport importlib.resources\nversion('x')",
        "import re\nre.compile('a')\nimport argparse\nvars(argparse.Namespace(a=1))['a']",
        "import logging\ngetattr(logging, name.upper())\ngetattr(thing, name)",
        "def _open(): ...\n_open()\n_compile = 1\nx = {}\nx.get('os')\nx['system']",
        "import collections as c\nc.OrderedDict().__class__.__name__\nimport os\nos.path.join('a', 'b')",
    ],
)
def test_what_only_looks_like_a_way_round_is_none(text: str) -> None:
    assert found(text) == set()


LONG = {
    "attributes": "a" + ".a" * 60_000,
    "import": "import a" + ".a" * 60_000,
    "import over lines": "from a" + ".a\\\n" * 30_000 + " import b",
    "import up to the most": ("import a" + ".a" * 399 + "\n") * 160,
    "one word": "import " + "a" * 130_000,
    "words": "a " * 60_000,
    "made name": "import os\ngetattr(os, '" + "a." * 60_000 + "')",
    "names of names": "import os\n"
    + "".join(f"x{n} = {f'x{n - 1}' if n else 'os'}.a.b.c\n" for n in range(6_000)),
    "pieces": "x = " + "+".join(["'a'"] * 20_000),
    "nested look-ups": "getattr(" * 50 + "x" + ", 'a')" * 50 + "\n" * 50_000,
    "look-ups": "import os\n"
    + "getattr(getattr(os, 'a')(getattr(os, 'b')), 'c')(getattr(os, 'd'))\n" * 1_500,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_no_python_takes_long(text: str) -> None:
    files = {"scripts/x.py": text.encode()}
    assert cpu_seconds(lambda: capabilities_of(files), 3.0) < 3.0


def test_a_script_that_only_reads_and_prints_uses_nothing() -> None:
    assert found(NOTHING) == set()
    assert found("environ = {}\nenviron['a'] = 1\nsystem = str\nsystem(1)\n") == set()


def test_python_that_cannot_be_read_may_do_anything() -> None:
    assert {capability for capability, _, _ in found("import os\nos.system(")} == {"code"}
    assert found("x = 1\n" * 100_000) == {("code", 1, "too long to be read")}


@pytest.mark.parametrize("path", ["scripts/x.sh", "scripts/x.js", "scripts/x.py"])
def test_a_script_that_is_too_long_is_not_read(path: str) -> None:
    assert found("$A\n" * 200_000, path) == {("code", 1, "too long to be read")}


def test_of_many_long_scripts_those_are_told_that_are_not_read() -> None:
    script = b"import socket\n" + b"#" * 120_000
    files = {f"scripts/{n:02}.py": script for n in range(20)}
    uses = capabilities_of(files)
    read = [use.path for use in uses if use.capability is Capability.NETWORK]
    unread = [use.path for use in uses if "too long together" in use.seen]
    assert read + unread == sorted(files)
    assert len(read) == MAX_READ_IN_ALL // len(script)
    assert [use.capability for use in uses if use.path in unread] == [Capability.CODE] * len(unread)


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
