"""The file of the audit, when it cannot be made anew."""

import os
from pathlib import Path

import pytest

from mfn_server.telemetry.writing import FileSink


def test_a_file_that_cannot_be_made_anew_costs_nobody_else_a_descriptor(tmp_path: Path) -> None:
    file, moved = tmp_path / "audit", tmp_path / "audit.1"
    sink = FileSink(file)
    file.rename(moved)
    file.mkdir()
    with pytest.raises(IsADirectoryError):
        sink.write(b"lost\n")
    other = os.open(tmp_path / "other", os.O_WRONLY | os.O_CREAT, 0o600)
    with pytest.raises(IsADirectoryError):
        sink.write(b"lost\n")
    file.rmdir()
    sink.write(b"kept\n")
    sink.close()
    assert os.write(other, b"mine") == 4
    os.close(other)
    assert (file.read_text(), (tmp_path / "other").read_text()) == ("kept\n", "mine")
