"""What a Python script uses, by the modules that it imports and the functions that it names."""

import ast
from collections.abc import Iterator, Mapping

from tidegate.registry.capabilities.capability import Capability, Use
from tidegate.registry.scan.python_tree import read_tree

MAX_PARSED = 131_072
"""Bytes that are parsed; a tree takes a hundred times its text."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODULES: Mapping[Capability, frozenset[str]] = {
    Capability.NETWORK: _words(
        """
        socket ssl socketserver urllib.request http.client http.server ftplib smtplib imaplib poplib
        telnetlib nntplib xmlrpc webbrowser requests httpx aiohttp urllib3 pycurl websocket websockets
        paramiko dns grpc zmq boto3 botocore google.cloud azure slack_sdk openai anthropic huggingface_hub
        redis psycopg psycopg2 pymysql pymongo kafka paho selenium playwright
        """
    ),
    Capability.FILES: _words(
        "gzip bz2 lzma shutil tempfile glob fileinput sqlite3 zipfile tarfile dbm shelve mmap"
    ),
    Capability.PROCESSES: _words("subprocess multiprocessing pty pexpect psutil sh plumbum"),
    Capability.ENVIRONMENT: _words("dotenv getpass platform keyring"),
    Capability.CODE: _words("ctypes cffi runpy code codeop marshal pickle dill cloudpickle"),
}
_NAMES: Mapping[Capability, frozenset[str]] = {
    Capability.NETWORK: _words("asyncio.open_connection asyncio.start_server"),
    Capability.FILES: _words(
        """
        open io.open os.open os.remove os.unlink os.rename os.replace os.mkdir os.makedirs os.rmdir
        os.removedirs os.listdir os.scandir os.walk os.chmod os.chown os.link os.symlink os.truncate
        """
    ),
    Capability.PROCESSES: _words(
        """
        os.system os.popen os.fork os.forkpty os.kill os.killpg os.posix_spawn os.posix_spawnp os.execl
        os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe os.spawnl os.spawnle
        os.spawnlp os.spawnv os.spawnve os.spawnvp asyncio.create_subprocess_exec
        asyncio.create_subprocess_shell concurrent.futures.ProcessPoolExecutor
        """
    ),
    Capability.ENVIRONMENT: _words(
        """
        os.environ os.environb os.getenv os.getenvb os.getlogin os.uname os.path.expanduser
        os.path.expandvars pathlib.Path.home
        """
    ),
    Capability.CODE: _words(
        """
        exec eval compile __import__ importlib.import_module importlib.util importlib.machinery
        site.addsitedir
        """
    ),
}
_METHODS = _words(
    """
    open read_text read_bytes write_text write_bytes unlink rmdir mkdir iterdir rglob touch symlink_to
    hardlink_to
    """
)
"""Of paths, whatever variable holds one."""


def python_uses(path: str, text: str) -> Iterator[Use]:
    """In the order of the tree; one that cannot be parsed may do anything."""
    if len(text) > MAX_PARSED:
        yield Use(Capability.CODE, path, 1, "too long to be read")
        return
    read = read_tree(text)
    if read.tree is None or read.acts:
        yield Use(Capability.CODE, path, 1, read.error or "cannot be read")
    if read.tree is not None:
        known = _imported(read.tree)
        for node in ast.walk(read.tree):
            yield from _of_node(path, node, known)


def _imported(tree: ast.Module) -> dict[str, str]:
    """Names that the script gives to modules and what is in them, with their whole names."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                root = each.name.partition(".")[0]
                known[each.asname or root] = each.name if each.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            known |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return known


def _of_node(path: str, node: ast.AST, known: Mapping[str, str]) -> Iterator[Use]:
    if isinstance(node, ast.Import):
        for each in node.names:
            yield from _of_module(path, node.lineno, each.name)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for each in node.names:
            yield from _of_module(path, node.lineno, f"{node.module}.{each.name}")
            yield from _of_name(path, node.lineno, f"{node.module}.{each.name}")
    elif isinstance(node, ast.Attribute):
        name = _whole(node, known)
        if name is None and node.attr in _METHODS:
            yield Use(Capability.FILES, path, node.lineno, node.attr)
        yield from _of_name(path, node.lineno, name or "")
    elif isinstance(node, ast.Name):
        yield from _of_name(path, node.lineno, known.get(node.id, node.id))


def _whole(node: ast.expr, known: Mapping[str, str]) -> str | None:
    """`sp.run` as `subprocess.run`; None for an attribute of what is no module's."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        base = _whole(node.value, known)
        return None if base is None else f"{base}.{node.attr}"
    return None


def _of_module(path: str, line: int, module: str) -> Iterator[Use]:
    """A module is used by its import: what is then called in it need not be followed."""
    for capability, modules in _MODULES.items():
        for each in modules:
            if module == each or module.startswith(f"{each}."):
                yield Use(capability, path, line, each)


def _of_name(path: str, line: int, name: str) -> Iterator[Use]:
    for capability, names in _NAMES.items():
        if name in names:
            yield Use(capability, path, line, name)
