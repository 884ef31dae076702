"""Whatever the locks of the images name can be had for both processors without a compiler."""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conftest import required

PROCESSORS = ("x86_64", "aarch64")
GLIBC = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_24", "manylinux_2_17", "manylinux2014")
"""What a wheel may ask of the C library of Debian 12; pip does not know that the newer covers the older."""
LOCKS = ("build", "image", "edge")
WINDOWS = "3ce80b34b22b17ccbd937a6e78e7225d80c52f5ab9940fe0506a1a16f3dab503"  # pragma: allowlist secret
"""The digest of the wheel of pywin32 311 for Python 3.11 on 64-bit Windows; for Linux there is none."""
UNREACHABLE = "Retrying (Retry("
"""What pip says of an index that it cannot connect to, whatever it concludes from that in the end."""


def resolved(lock: Path, platforms: Iterable[str], target: Path) -> subprocess.CompletedProcess[str]:
    """Have pip find a wheel for each package, with a digest that the lock holds; nothing is installed.

    Skips the test, or fails it where everything is required, when no index answers.
    """
    wanted = ["--retries", "2", "--only-binary", ":all:", "--require-hashes", "--no-deps", "--python-version", "3.11"]
    places = [word for platform in platforms for word in ("--platform", platform)]
    words = ["install", "--dry-run", *wanted, *places, "--target", str(target), "--requirement", str(lock)]
    told = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    if told.returncode != 0 and UNREACHABLE in told.stderr:
        sentence = "pip reaches no index of packages; connect this machine to one"
        pytest.fail(sentence) if required("package-index") else pytest.skip(sentence)
    return told


def linux(processor: str) -> list[str]:
    """The tags of wheels that the images take."""
    return [f"{each}_{processor}" for each in GLIBC]


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_a_wheel(root: Path, tmp_path: Path, lock: str, processor: str) -> None:
    path = root / "requirements" / f"{lock}.txt"
    found = resolved(path, linux(processor), tmp_path / "nowhere")
    assert found.returncode == 0, found.stderr
    assert "Would install" in found.stdout


def test_a_package_that_has_none_for_the_processor_is_noticed(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"pywin32==311 --hash=sha256:{WINDOWS}\n", encoding="utf-8")
    found = resolved(lock, linux("aarch64"), tmp_path / "nowhere")
    assert found.returncode != 0
    assert "No matching distribution found for pywin32" in found.stderr
    assert resolved(lock, ["win_amd64"], tmp_path / "nowhere").returncode == 0  # its digest is right


def test_a_wheel_whose_digest_the_lock_does_not_hold_is_noticed(root: Path, tmp_path: Path) -> None:
    lock, text = tmp_path / "lock.txt", (root / "requirements" / "build.txt").read_text(encoding="utf-8")
    lock.write_text(re.sub(r"sha256:\w{64}", f"sha256:{'0' * 64}", text), encoding="utf-8")
    found = resolved(lock, linux("aarch64"), tmp_path / "nowhere")
    assert found.returncode != 0
    assert "DO NOT MATCH THE HASHES" in found.stderr


def test_the_edge_has_only_what_the_server_has_and_less(root: Path) -> None:
    edge, server = (_pins(root / "requirements" / f"{lock}.txt") for lock in ("edge", "image"))
    assert edge < server
    assert not {pin.partition("==")[0] for pin in edge} & {"boto3", "hvac", "redis", "joserfc", "scikit-learn"}


def _pins(lock: Path) -> set[str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}
