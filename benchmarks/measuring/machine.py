"""The machine and the versions behind the figures, and how to keep a measurement on one core."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "numba", "scipy", "grpcio", "protobuf")
CAN_PIN = hasattr(os, "sched_setaffinity")
MIB = 2**20


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, and how busy it was when asked."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load_1min": round(os.getloadavg()[0], 2),
        "pinning": CAN_PIN,
    }


def versions() -> dict[str, str]:
    """Versions of what takes part; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    if compiler := shutil.which("gcc"):
        asked = subprocess.run([compiler, "-dumpfullversion"], capture_output=True, text=True, check=True)
        found["gcc"] = asked.stdout.strip()
    return found


@contextmanager
def one_core() -> Iterator[None]:
    """Keep the calling thread on one core, the last it may use; where the system cannot, `machine` says so."""
    if not CAN_PIN:
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _processor() -> str:
    """Its name, with family and model where the system tells them: names alone may cover several generations."""
    if sys.platform != "linux":
        return platform.processor() or platform.machine()
    return described(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")) or platform.machine()


def described(cpuinfo: str) -> str:
    """The first processor of /proc/cpuinfo; "" where its name is not told, as on most ARM machines."""
    told: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        told.setdefault(name.strip(), value.strip())
    kind = [f"{name.removeprefix('cpu ')} {told[name]}" for name in ("cpu family", "model") if name in told]
    return ", ".join(filter(None, [told.get("model name", ""), *kind]))
