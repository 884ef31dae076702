import base64

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


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ("", "holds no key"),
        ("@/run/secrets/keys", "entry 1 has no usable id"),
        (",".join(f"k{n}:{HEX_OLD}" for n in range(17)), "holds 17 keys and may hold 16"),
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


def test_newer_keys_seal_and_those_that_they_left_out_open_until_the_process_ends() -> None:
    ring = key_ring(f"a:{HEX_OLD}")
    ring.use(key_ring(f"b:{BASE64_NEW}"))
    assert (ring.newest, ring.find("a")) == ("b", bytes.fromhex(HEX_OLD))


def test_another_key_by_an_id_in_use_is_refused_without_telling_it() -> None:
    ring = key_ring(f"a:{HEX_OLD}")
    with pytest.raises(ValueError, match="another key by the id a") as caught:
        ring.require_same(key_ring(f"a:{BASE64_NEW}"))
    assert BASE64_NEW not in str(caught.value)
