"""Other gateways in the same run, where they are installed: nginx as the limit, LiteLLM as the usual one."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tidegate.harness.demo.processes import child_environment

NGINX = """\
daemon off;
master_process off;
worker_processes 1;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream provider {{ server {upstream}; keepalive 128; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    keepalive_requests 1000000000;
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header connection "";
      proxy_buffering off;
    }}
  }}
}}
"""

LITELLM = """\
model_list:
  - model_name: claude-sonnet-4-6
    litellm_params: {{model: anthropic/claude-sonnet-4-6, api_base: "{upstream}", api_key: bench}}
litellm_settings: {{telemetry: false}}
general_settings: {{master_key: sk-bench}}
"""
LITELLM_KEY = "sk-bench"


@asynccontextmanager
async def nginx(folder: Path, upstream: str, core: int) -> AsyncGenerator[tuple[str, psutil.Process] | None]:
    """nginx as a plain proxy on `core`; None where it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        yield None
        return
    folder.mkdir()
    port = _free_port()
    file = folder / "nginx.conf"
    file.write_text(
        NGINX.format(folder=folder, upstream=upstream.removeprefix("http://"), port=port), encoding="utf-8"
    )
    async with _serving([program, "-c", str(file)], port, core, patience=10.0) as process:
        yield f"http://127.0.0.1:{port}", process


@asynccontextmanager
async def litellm(
    folder: Path, upstream: str, core: int
) -> AsyncGenerator[tuple[str, psutil.Process] | None]:
    """LiteLLM's proxy on `core`, from the environment beside ours that `make bench PEERS=1` makes."""
    program = Path(sys.prefix).parent / ".venv-peers" / "bin" / "litellm"
    if not program.exists():
        yield None
        return
    folder.mkdir()
    port = _free_port()
    file = folder / "litellm.yaml"
    file.write_text(LITELLM.format(upstream=upstream), encoding="utf-8")
    command = [str(program), "--config", str(file), "--host", "127.0.0.1", "--port", str(port)]
    async with _serving(command, port, core, patience=300.0) as process:
        yield f"http://127.0.0.1:{port}", process


@asynccontextmanager
async def _serving(
    command: list[str], port: int, core: int, *, patience: float
) -> AsyncGenerator[psutil.Process]:
    """The program, once its port answers; ended by SIGTERM, by SIGKILL where that is not enough."""
    child = await asyncio.create_subprocess_exec(
        *command,
        env=child_environment({"LITELLM_LOCAL_MODEL_COST_MAP": "True"}),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        process = psutil.Process(child.pid)
        process.cpu_affinity([core])
        async with asyncio.timeout(patience):
            while not await _answers(port):
                await asyncio.sleep(0.1)  # another program: there is no event to wait for
        yield process
    finally:
        if child.returncode is None:
            child.terminate()
        try:
            async with asyncio.timeout(10):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
