"""Write the Python stubs of the contract anew: `python protos/generate.py [OUT_DIR]`, default the project's root.

The same sources and the same grpcio-tools give the same bytes. Stubs appear whole or not at all, unchanged ones keep
their time stamp, and those whose source is gone are removed.
"""

import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path

import grpc_tools  # type: ignore[import-untyped]  # grpcio-tools ships no annotations
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "protos"
PACKAGE = Path("mfn_grpc", "v1")
STUB = re.compile(r"_pb2(_grpc)?\.pyi?$")
SERVICE_TYPES = "protoc-gen-mypy_grpc"


def compile_protos(files: Iterable[str], *options: str) -> None:
    """Run protoc on files named relative to the sources; SystemExit when it fails, after its own words on stderr."""
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    if protoc.main(["protoc", f"-I{SOURCES}", f"-I{well_known}", *options, *files]) != 0:
        raise SystemExit("protoc failed; its messages stand above")


def sources() -> list[str]:
    """The proto files, relative to the sources, in a fixed order."""
    return sorted(path.relative_to(SOURCES).as_posix() for path in (SOURCES / PACKAGE).glob("*.proto"))


def descriptors(scratch: Path) -> FileDescriptorSet:
    """The compiled sources with their comments, without what they import."""
    target = scratch / "descriptors.binpb"
    compile_protos(sources(), "--include_source_info", f"--descriptor_set_out={target}")
    return FileDescriptorSet.FromString(target.read_bytes())


def service_types_plugin() -> str:
    """Path of mypy-protobuf's plugin for service stubs, from this environment first."""
    scripts = sysconfig.get_path("scripts")
    found = shutil.which(SERVICE_TYPES, path=scripts) or shutil.which(SERVICE_TYPES)
    if found is None:
        raise SystemExit(f"{SERVICE_TYPES} is missing: install mypy-protobuf")
    return found


def write_stubs(out: Path) -> None:
    """Write every stub under `out`; files without a service get no service stubs."""
    described = descriptors(out.parent)
    messages = [file.name for file in described.file]
    services = [file.name for file in described.file if file.service]
    compile_protos(messages, f"--python_out={out}", f"--pyi_out={out}")
    compile_protos(
        services,
        f"--grpc_python_out={out}",
        f"--plugin={SERVICE_TYPES}={service_types_plugin()}",
        f"--mypy_grpc_out=quiet:{out}",
    )
    for stub in out.rglob("*_pb2.pyi"):
        stub.write_text(strictly_typed(stub.read_text(encoding="utf-8")), encoding="utf-8")


def strictly_typed(stub: str) -> str:
    """The message stub as `mypy --strict` accepts it: protoc leaves Mapping bare and puts ClassVar outside classes."""
    stub = re.sub(r"\b_Mapping(?=\])", "_Mapping[str, object]", stub)
    return re.sub(r"^(\w+): _ClassVar\[int\]$", r"\1: int", stub, flags=re.MULTILINE)


def stubs_in(folder: Path) -> dict[str, bytes]:
    """Names and contents of the generated files in a folder."""
    return {path.name: path.read_bytes() for path in folder.glob("*") if STUB.search(path.name)}


def replace_stubs(fresh: Path, target: Path) -> list[str]:
    """Make the stubs in `target` those in `fresh`; the names that changed."""
    target.mkdir(parents=True, exist_ok=True)
    new, old = stubs_in(fresh), stubs_in(target)
    changed = sorted(name for name in new if old.get(name) != new[name])
    for name in changed:
        partial = target / f".{name}.partial"
        partial.write_bytes(new[name])
        partial.replace(target / name)
    gone = sorted(old.keys() - new.keys())
    for name in gone:
        (target / name).unlink()
    return changed + gone


def main(arguments: list[str]) -> None:
    """Generate into the folder given, or into the project's root."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        raise SystemExit(__doc__)
    out = Path(arguments[0]) if arguments else ROOT
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch, "stubs")
        fresh.mkdir()
        write_stubs(fresh)
        changed = replace_stubs(fresh / PACKAGE, out / PACKAGE)
    print(f"{len(changed)} stubs changed", *changed, sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:])
