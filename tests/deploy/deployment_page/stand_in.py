"""Stands in for kubectl, docker and what leads to pods, while the commands of a page run.

`python stand_in.py PROGRAM WORD...`. The folder CLUSTER holds what a cluster would: secrets/NAME/KEY,
configmaps/NAME/KEY, volume/ in place of /var/lib/mfn, targets.json with the addresses of the servers; calls.jsonl has
each call.
"""

import base64
import json
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import yaml

CLUSTER = Path(os.environ["CLUSTER"])
MOUNTED = "/var/lib/mfn"
TOLD_ALONE = {"label", "rollout", "wait", "scale", "delete", "diff", "port-forward"}
PUBLIC, FORWARDED = "mfn.lab.example:443", "localhost:50051"


def main(program: str, words: list[str]) -> int:
    """Do as the program would, as far as anything here depends on it."""
    with (CLUSTER / "calls.jsonl").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps([program, *words]) + "\n")
    if program == "docker":
        return 0
    if program in {"mfn", "grpcurl"}:
        return _call(program, words)
    return _kubectl(words)


def _call(program: str, words: list[str]) -> int:
    """The real program, with the addresses of servers of this machine."""
    targets = CLUSTER / "targets.json"
    found = json.loads(targets.read_text(encoding="utf-8")) if targets.exists() else {}
    workload = "federation" if "federation" in words[:1] else "simulation"
    here = [found.get(workload, "") if word in {PUBLIC, FORWARDED} else word for word in words]
    return subprocess.run([*json.loads(os.environ[f"REAL_{program.upper()}"]), *here], check=False).returncode


def _kubectl(words: list[str]) -> int:
    if words[0] in TOLD_ALONE:
        return 0
    if words[0] == "exec":
        command = [word.replace(MOUNTED, str(CLUSTER / "volume")) for word in words[words.index("--") + 1 :]]
        return subprocess.run(command, check=False).returncode
    return {"create": _create, "apply": _apply, "get": _get}[words[0]](words[1:])


def _create(words: list[str]) -> int:
    parser = ArgumentParser()
    parser.add_argument("kind", choices=["secret", "configmap"])
    parser.add_argument("name", nargs="+")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("-n", required=True)
    parser.add_argument("--from-file", action="append", default=[])
    given = parser.parse_args(words)
    folder = CLUSTER / f"{given.kind}s" / given.name[-1]
    folder.mkdir(parents=True)
    for name, path in _files(given).items():
        (folder / name).write_bytes(path.read_bytes())
    return 0


def _files(given: Namespace) -> dict[str, Path]:
    if given.name[0] == "tls":
        return {"tls.crt": Path(given.cert), "tls.key": Path(given.key)}
    pairs = [each.rpartition("=") for each in given.from_file]
    return {name or Path(path).name: Path(path) for name, _, path in pairs}


def _apply(words: list[str]) -> int:
    option, name = words
    assert option == "-f"
    assert all(each["kind"] for each in yaml.safe_load_all(Path(name).read_text(encoding="utf-8")))
    return 0


def _get(words: list[str]) -> int:
    if words[0] == "secret":
        (key,) = (word.removeprefix("jsonpath={.data.").removesuffix("}") for word in words if "jsonpath" in word)
        content = (CLUSTER / "secrets" / words[1] / key.replace("\\.", ".")).read_bytes()
        sys.stdout.write(base64.b64encode(content).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
