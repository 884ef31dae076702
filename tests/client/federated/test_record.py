"""The durable note of acknowledgements."""

import json
from pathlib import Path

from mfn_client.federated import read_acknowledgements
from mfn_client.federated._record import AckFile
from tests.client.federated.taking_part import ack_of


def test_acknowledgements_come_back_in_order(tmp_path: Path) -> None:
    path, acks = tmp_path / "acks", [ack_of(1), ack_of(2, b"e" * 32, "late")]
    for each in acks:
        AckFile(path).note(each)
    assert list(read_acknowledgements(path)) == acks
    assert json.loads(path.read_bytes().splitlines()[0])["payload_sha256"] == "64" * 32


def test_one_that_is_told_again_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "acks"
    first = AckFile(path)
    first.note(ack_of(1))
    first.note(ack_of(1))
    AckFile(path).note(ack_of(1))
    assert list(read_acknowledgements(path)) == [ack_of(1)]


def test_a_line_that_a_crash_cut_off_is_dropped_and_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "acks"
    AckFile(path).note(ack_of(1))
    whole = path.read_bytes()
    for length in range(len(whole) + 1, 2 * len(whole)):
        path.write_bytes((whole + whole.replace(b'"round": 1', b'"round": 2'))[:length])
        assert list(read_acknowledgements(path)) == [ack_of(1)]
        AckFile(path).note(ack_of(2))
        assert list(read_acknowledgements(path)) == [ack_of(1), ack_of(2)]
