"""Plays a container engine: runs the real programs with the variables of a Dockerfile and of the command line.

`python engine.py WORD...`. PLAYED_DOCKERFILE and PLAYED_TARGET say which image there is, PLAYED_FOLDER is where what
belongs to its container is kept. PLAYED_UID, PLAYED_COMPILER, PLAYED_STATE and PLAYED_MFN replace what only an image
could tell.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from argparse import REMAINDER, ArgumentParser, Namespace
from pathlib import Path

from tests.conftest import ROOT
from tests.deploy.image.dockerfile import Instruction, inherited, last, stages

SERVER = """
import sys, grpc.aio, prometheus_client
listen, export = grpc.aio._server.Server.add_insecure_port, prometheus_client.start_http_server
def here(address): return address.replace("0.0.0.0", "127.0.0.1")
grpc.aio._server.Server.add_insecure_port = lambda server, address: listen(server, here(address))
prometheus_client.start_http_server = lambda port, host, registry: export(port, here(host), registry)
from mfn_server.__main__ import main
sys.exit(main())
"""
"""Its settings stay as they are; the ports that it opens are of this machine alone."""
WHOLE_COMMAND = ROOT / "tests" / "deploy" / "whole_command.py"
PROGRAMS = {
    "mfn-server": [sys.executable, "-c", SERVER],
    "mfn": shlex.split(os.environ.get("PLAYED_MFN", "")) or [sys.executable, str(WHOLE_COMMAND)],
}
HEALTH_CHECK = str(ROOT / "image" / "healthcheck.sh")
FOLDER = Path(os.environ["PLAYED_FOLDER"])
LOG, VARIABLES, GROUP, ENDED = (FOLDER / name for name in ("log", "variables.json", "group", "ended"))


def main(words: list[str]) -> int:
    """Do as the engine would, as far as the check of an image asks."""
    played = {
        "image": _describe,
        "run": _run,
        "inspect": _inspect,
        "logs": lambda _: _say(LOG.read_text(encoding="utf-8")),
        "rm": _remove,
    }
    return played[words[0]](words[1:])


def _say(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return 0


def _image() -> list[Instruction]:
    return inherited(stages(Path(os.environ["PLAYED_DOCKERFILE"])), os.environ["PLAYED_TARGET"])


def _user() -> str:
    user = last(_image(), "USER")
    return user.text if user else ""


def _describe(words: list[str]) -> int:
    check = last(_image(), "HEALTHCHECK")
    return _say(_user() if "{{.Config.User}}" in words else json.dumps(check and check.listed))


def _run(words: list[str]) -> int:
    parser = ArgumentParser()
    for flag in ("--rm", "--read-only", "--detach"):
        parser.add_argument(flag, action="store_true")
    for option in ("--cap-drop", "--security-opt", "--network", "--entrypoint"):
        parser.add_argument(option)
    for option in ("--tmpfs", "--env"):
        parser.add_argument(option, action="append", default=[])
    parser.add_argument("image")
    parser.add_argument("command", nargs=REMAINDER)
    given = parser.parse_args(words)
    if given.entrypoint == "id":
        return _say(os.environ.get("PLAYED_UID", _user().partition(":")[0]))
    if given.entrypoint == "sh":
        return int(given.command[-1].split()[-1] != os.environ.get("PLAYED_COMPILER"))
    assert given.read_only
    return (
        _start(given) if given.detach else subprocess.run(_real(given), env=_variables(given), check=False).returncode
    )


def _real(given: Namespace) -> list[str]:
    command = last(_image(), "CMD")
    assert command is not None
    return [real for word in given.command or command.listed or [] for real in PROGRAMS.get(word, [word])]


def _variables(given: Namespace) -> dict[str, str]:
    """Those of this process but its settings, those of the image, and those of the command line over them."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("MFN_")}
    stated = [word for each in _image() if each.name == "ENV" for word in shlex.split(each.text)]
    stated += [each if "=" in each else f"{each}={os.environ[each]}" for each in given.env]
    return found | dict(word.split("=", 1) for word in stated if word.startswith("MFN_"))


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _start(given: Namespace) -> int:
    """In a group of its own; a container has all ports to itself, here each is given one that is free."""
    variables = _variables(given) | {"MFN_PORT": _free_port(), "MFN_METRICS_PORT": _free_port()}
    VARIABLES.write_text(json.dumps(variables), encoding="utf-8")
    until_the_end = ["sh", "-c", f'"$@"; echo $? >{shlex.quote(str(ENDED))}', "sh", *_real(given)]
    with LOG.open("w", encoding="utf-8") as log:
        started = subprocess.Popen(until_the_end, env=variables, stdout=log, stderr=log, start_new_session=True)
    GROUP.write_text(str(started.pid), encoding="utf-8")
    return _say("container")


def _inspect(_: list[str]) -> int:
    if played := os.environ.get("PLAYED_STATE"):
        return _say(played)
    status = "exited" if ENDED.exists() else "running"
    check = subprocess.run([HEALTH_CHECK], env=json.loads(VARIABLES.read_text()), capture_output=True, check=False)
    return _say(f"{status} {'healthy' if check.returncode == 0 else 'starting'}")


def _remove(_: list[str]) -> int:
    if not ENDED.exists():
        os.killpg(int(GROUP.read_text(encoding="utf-8")), signal.SIGKILL)
    (FOLDER / "removed").touch()
    return _say("container")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
