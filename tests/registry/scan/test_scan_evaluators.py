"""What evaluates code is seen under any name, and so is code that is imported from an archive."""

import io
import zipfile
from collections.abc import Mapping

import pytest
from scan_corpus import Scan

BLOB = "B = 'eJwrzy/KTgEACFMCbw=='\n"
UNPACK = "zlib.decompress(base64.b64decode(B))"
TAKEN = {
    "another name": f"import base64, zlib\n{BLOB}e = exec\ne({UNPACK})\n",
    "mapped": f"import base64, zlib\n{BLOB}list(map(exec, [{UNPACK}]))\n",
    "a decorator": f"import base64, zlib\n{BLOB}@exec\n@lambda f: {UNPACK}\ndef f(): ...\n",
    "a default": f"import base64, zlib\n{BLOB}def f(code, run=exec):\n    run(code)\nf({UNPACK})\n",
    "in a table": f"import base64, zlib\n{BLOB}T = {{'a': eval}}\nT['a']({UNPACK})\n",
    "of builtins": f"import base64, builtins, zlib\n{BLOB}e = builtins.exec\ne({UNPACK})\n",
    "imported": f"import base64, zlib\nfrom builtins import exec as go\n{BLOB}go({UNPACK})\n",
    "by getattr": f"import base64, builtins, zlib\n{BLOB}getattr(builtins, 'exec')({UNPACK})\n",
    "by its dictionary": f"import base64, builtins, zlib\n{BLOB}builtins.__dict__['exec']({UNPACK})\n",
    "by __builtins__": f"import base64, zlib\n{BLOB}b = __builtins__\nb.exec({UNPACK})\n",
    "by sys.modules": f"import base64, sys, zlib\n{BLOB}sys.modules['builtins'].exec({UNPACK})\n",
    "by the globals of a function": "f.__globals__['__builtins__']['exec'](input())\n",
    "by importlib": "import importlib\nimportlib.import_module('builtins').exec(B)\n",
    "bound in another function": "def a(exec=print):\n    exec(1)\nrun = exec\nrun(B)\n",
    "bound further down": f"import base64, zlib\n{BLOB}e = exec\ne({UNPACK})\ndef exec(x): ...\n",
    "bound if at all": f"import base64, zlib\n{BLOB}if B:\n    exec = 1\ne = exec\ne({UNPACK})\n",
    "bound and deleted": f"import base64, zlib\n{BLOB}exec = 1\ndel exec\ne = exec\ne({UNPACK})\n",
    "bound to itself": f"import base64, zlib\n{BLOB}exec = exec\nexec({UNPACK})\ne = exec\ne(B)\n",
    "bound to a builtin": f"import base64, zlib\n{BLOB}exec = __builtins__.exec\ne = exec\ne({UNPACK})\n",
    "of a comprehension": f"import base64, zlib\n{BLOB}[exec({UNPACK}) for exec in [exec]]\n",
    "bound in a class": f"import base64, zlib\n{BLOB}class A:\n    exec = exec\nA.exec({UNPACK})\n",
    "imported over in a function": (
        f"import base64\ndef a():\n    from re import compile as exec\n{BLOB}exec(base64.b64decode(B))\n"
    ),
}
EVALUATED = {
    "numbers in a file": "import json\nexec(bytes(json.load(open('assets/p.json'))))\n",
    "a file with a key": "exec(bytes(b ^ 42 for b in open('assets/p.bin', 'rb').read()))\n",
    "by an attribute": "class A:\n    def g(self):\n        return CODE\nexec(A().g())\n",
    "by an argument": "def run(code):\n    exec(code)\nrun(bytes(b ^ 42 for b in PAYLOAD))\n",
    "from a zip": "import zipfile\neval(zipfile.ZipFile('assets/p.zip').read('x'))\n",
    "by timeit": "import timeit\ntimeit.timeit(open('assets/p.txt').read())\n",
    "by the interpreter": "import code\ncode.InteractiveInterpreter().runsource(open('p.txt').read())\n",
}
ORDINARY = {
    "a pattern": "import re\nfrom re import compile\nrules = list(map(compile, ['a', 'b']))\n",
    "a switch": "def main(compile: bool = False):\n    if compile:\n        print(compile)\nmain()\n",
    "a variable": "def main(model):\n    eval = model.score()\n    return eval\n",
    "a method": "model.eval()\nframe.eval('a + b')\napp.exec()\ntorch.compile(model)\n",
    "a syntax check": "import sys\ncompile(open('x.py').read(), 'x.py', 'exec')\n",
    "a command": "def compile(args):\n    print(args)\n\nparser.set_defaults(func=compile)\n",
    "an option": "import sys\neval = '--eval' in sys.argv\nif eval:\n    print('evaluating')\n",
    "executives": "print([exec.name for exec in people if exec.paid])\n",
    "a constant": "print(eval('1 + 1'))\n",
    "a builtin that is replaced": "import builtins\nprint(builtins.open)\n",
    "a literal": "import ast, sys\nprint(ast.literal_eval(sys.argv[1]))\n",
}
JS_TAKEN = {
    "comma": "const fs = require('fs');\n(0, eval)(fs.readFileSync('assets/p.txt', 'utf8'));\n",
    "global": "globalThis.eval(String.fromCharCode(...[97, 98]));\n",
    "optional": "eval?.(code);\n",
    "index": "globalThis['eval'](code);\n",
    "name": "const run = eval;\nrun(code);\n",
    "argument": "[code].map(eval);\n",
    "reflect": "Reflect.apply(eval, null, [code]);\n",
    "bound": "const run = eval.bind(null);\nrun(code);\n",
    "function": "const F = Function;\nF(code)();\n",
    "after a comment": "/* sums */ [code].map(eval);\n",
    "in a template": "const t = `\n// ${[code].map(eval)}\n`;\n",
    "beside one that does little": "eval('1 + 1');\n[code].map(eval);\n",
    "behind a comment's end": "/*\n// */ [code].forEach(eval);\n",
}
JS_ORDINARY = {
    "comments": "// Not: exec, eval, Function.apply\n/* map(eval)\n * f(x, eval)\n */\nconsole.log(1);\n",
    "a method": "model.eval();\nconst score = model.eval;\n",
    "a type": "type Handler = Function;\nfunction on(name: string, then: Function): void {}\n",
    "a check": "console.log(typeof then === 'function', x instanceof Function);\n",
    "a test": "expect(on).toHaveBeenCalledWith(expect.any(Function));\nz.instanceof(Function);\n",
    "a text": "test('runs the global eval set', () => {});\n",
    "a field": "self.eval = 1;\n",
    "a rule": "const rules = { 'no-eval': 'error', evaluate: true };\n",
}


def blocking(scan: Scan, files: Mapping[str, str | bytes]) -> set[str]:
    return {each.rule for each in scan(files) if each.severity in ("high", "critical")}


def packed(name: str = "tool.py") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "print(1)\n")
    return content.getvalue()


@pytest.mark.parametrize("script", TAKEN.values(), ids=TAKEN.keys())
def test_what_evaluates_is_blocked_under_any_name(script: str, scan: Scan) -> None:
    assert blocking(scan, {"scripts/x.py": script}) & {"hands-on-eval", "runs-hidden-code"}


@pytest.mark.parametrize("script", EVALUATED.values(), ids=EVALUATED.keys())
def test_code_that_is_no_constant_is_blocked_where_it_is_evaluated(script: str, scan: Scan) -> None:
    assert blocking(scan, {"scripts/x.py": script}) & {"evaluates-input", "runs-hidden-code"}


@pytest.mark.parametrize("script", ORDINARY.values(), ids=ORDINARY.keys())
def test_other_things_of_these_names_pass(script: str, scan: Scan) -> None:
    assert blocking(scan, {"scripts/x.py": script}) == set()


@pytest.mark.parametrize("script", JS_TAKEN.values(), ids=JS_TAKEN.keys())
def test_in_javascript_too(script: str, scan: Scan) -> None:
    assert blocking(scan, {"scripts/x.js": script}) & {"hands-on-eval", "runs-hidden-code", "evaluates-input"}


@pytest.mark.parametrize("script", JS_ORDINARY.values(), ids=JS_ORDINARY.keys())
def test_what_javascript_only_names_passes(script: str, scan: Scan) -> None:
    assert blocking(scan, {"scripts/x.ts": script}) == set()


HERE = "import os, sys\nfrom pathlib import Path\nhere = os.path.dirname(__file__)\n"


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("lib.zip", "sys.path.insert(0, here + '/lib.zip')\nimport tool\n"),
        ("lib.zip", "lib = os.path.join(here, 'lib.zip')\nprint(lib)\nsys.path.append(lib)\nimport tool\n"),
        ("lib.zip", "sys.path += [os.path.join(here, 'lib' + '.zip')]\nimport tool\n"),
        ("lib.zip", "sys.path[:0] = [here + '/lib.zip']\nimport tool\n"),
        ("lib.zip", "sys.path = [here + '/lib.zip', *sys.path]\nimport tool\n"),
        ("lib.zip", "where = sys.path\nwhere.insert(0, here + '/lib.zip')\nimport tool\n"),
        ("lib.zip", "import zipimport\nzipimport.zipimporter(here + '/lib.zip').load_module('tool')\n"),
        ("table.docx", "sys.path.insert(0, here + '/table.docx')\nimport tool\n"),
        ("table.bin", "sys.path.insert(0, here + '/table.bin')\nimport tool\n"),
        ("table.bin", "for each in Path(here).iterdir():\n    sys.path.insert(0, str(each))\nimport tool\n"),
        ("table.bin", "sys.path.insert(0, bytes.fromhex('7461').decode())\nimport tool\n"),
    ],
)
def test_an_archive_on_the_import_path_is_blocked(name: str, script: str, scan: Scan) -> None:
    files = {f"scripts/{name}": packed(), "scripts/x.py": HERE + script}
    assert "imports-from-archive" in blocking(scan, files)


def test_so_is_one_that_a_shell_puts_there_or_python_is_given(scan: Scan) -> None:
    for text in ("PYTHONPATH=assets/lib.bin python3 -m tool\n", "python3 assets/lib.bin\n"):
        assert blocking(scan, {"assets/lib.bin": packed(), "scripts/x.sh": text})


@pytest.mark.parametrize(
    "script",
    [
        "sys.path.insert(0, here)\nimport tool\n",
        "sys.path.append(str(Path(__file__).parent / 'lib'))\nimport tool\n",
        "import zipfile\nsys.path.insert(0, here)\n\n\ndef main():\n"
        "    '''Read a table of tides, which is packed since it is long, and print what stands in it.'''\n"
        "    print(zipfile.ZipFile(os.path.join(here, 'data.zip')).namelist())\n",
    ],
)
def test_an_archive_of_data_beside_a_path_of_folders_passes(script: str, scan: Scan) -> None:
    files = {"scripts/data.zip": packed("tides.csv"), "scripts/x.py": HERE + script}
    assert blocking(scan, files) == set()


@pytest.mark.parametrize("name", ["deck.pptx", "table.xlsx", "letter.docx"])
def test_a_document_beside_a_path_of_folders_passes(name: str, scan: Scan) -> None:
    text = f"Run `PYTHONPATH=scripts python scripts/x.py --template assets/{name}`.\n"
    script = HERE + f"root = here\nsys.path.insert(0, root)\nTEMPLATE = here + '/{name}'\nimport tool\n"
    files = {f"assets/{name}": packed("word/document.xml"), "scripts/x.py": script, "references/run.md": text}
    assert blocking(scan, files) == set()


def test_the_lines_of_a_packed_file_are_not_obfuscated(scan: Scan) -> None:
    script = "import gzip, requests\nfor line in gzip.open('sitemap.txt.gz', 'rt'):\n    requests.get(line)\n"
    assert "obfuscated-script" not in blocking(scan, {"scripts/x.py": script})


def test_a_thousand_entries_of_the_path_are_no_way_to_hide_one(scan: Scan) -> None:
    many = "".join(f"sys.path.insert(0, here + '/{number}')\n" for number in range(2_000))
    assert "imports-from-archive" in blocking(scan, {"scripts/x.py": HERE + many})
