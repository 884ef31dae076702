import base64
from pathlib import Path

import pytest

from mfn_server.federation.storage.keys import key_ring

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
HEX_OLD = OLD.hex()
BASE64_NEW = base64.b64encode(NEW).decode()


def test_the_first_key_seals_and_all_open() -> None:
    ring = key_ring(f"2027-01:{BASE64_NEW}, 2026-01:{HEX_OLD}")
    assert ring.newest == "2027-01"
    assert ring.find("2027-01") == NEW
    assert ring.find("2026-01") == OLD
    assert ring.find("2025-01") is None


def test_keys_may_stand_in_a_file_with_comments(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# the newest first\nb:{BASE64_NEW}\n\na:{HEX_OLD}\n")
    ring = key_ring(f"@{path}")
    assert (ring.newest, ring.find("a")) == ("b", OLD)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none cannot be read: FileNotFoundError"):
        key_ring(f"@{tmp_path / 'none'}")


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ("", "holds no key"),
        (HEX_OLD, "entry 1 has no usable key"),
        (f"a b:{HEX_OLD}", "entry 1 has no usable key"),
        (f"a:{HEX_OLD},a:{BASE64_NEW}", "entry 2 has the id of an entry before it"),
        (f"a:{HEX_OLD[:-2]}", "entry 1 has no usable key"),
        (f"a:{base64.b64encode(OLD[:16]).decode()}", "entry 1 has no usable key"),
        (f"ä:{HEX_OLD}", "entry 1 has no usable id"),
    ],
)
def test_faults_name_their_entry_and_never_the_key(setting: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as refusal:
        key_ring(setting)
    assert HEX_OLD not in str(refusal.value)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"entry 1 .* key.*; entry 2 .* id"):
        key_ring(f"a:short,/:{HEX_OLD}")


def test_the_text_form_of_the_keys_holds_none() -> None:
    ring = key_ring(f"a:{HEX_OLD}")
    assert repr(ring) == "KeyRing(a)"
