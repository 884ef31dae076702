"""The catalogue of errors is complete, and docs/errors.md is printed from it."""

import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from mfn_grpc.v1.error_reason_pb2 import ERROR_REASON_UNSPECIFIED, ErrorReason, ErrorReasonInfo
from tests.contract.conftest import load_script
from tests.contract.reasons import info_of

REASONS = [name for name, number in ErrorReason.items() if number != ERROR_REASON_UNSPECIFIED]


@pytest.mark.parametrize("name", REASONS)
def test_every_reason_has_a_status_code_a_meaning_and_a_remedy(name: str) -> None:
    info = info_of(ErrorReason.Value(name))
    assert grpc.StatusCode[info.status_code] is not grpc.StatusCode.OK
    assert info.meaning.endswith(".")
    assert info.remedy.endswith((".", ")."))


def test_the_unspecified_reason_says_nothing() -> None:
    assert info_of(ERROR_REASON_UNSPECIFIED) == ErrorReasonInfo()


def test_no_reason_ends_as_unknown_and_only_the_servers_own_fault_as_internal() -> None:
    codes = {name: info_of(ErrorReason.Value(name)).status_code for name in REASONS}
    assert "UNKNOWN" not in codes.values()
    assert [name for name, code in codes.items() if code == "INTERNAL"] == ["ERROR_REASON_INTERNAL"]


def test_the_page_of_errors_is_what_its_script_prints(root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, str(root / "docs" / "generate_errors.py")]
    printed = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert (root / "docs" / "errors.md").read_bytes() == printed


def test_the_page_of_errors_has_one_row_for_each_reason(root: Path) -> None:
    page: str = load_script(root / "docs" / "generate_errors.py").page()
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `") and line.count("`") == 4]
    described = [row for row in rows if f"ERROR_REASON_{row}" in REASONS]
    assert sorted(described) == sorted(name.removeprefix("ERROR_REASON_") for name in REASONS)
