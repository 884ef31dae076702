"""Keys as settings hold them, and addresses that would show a password."""

from pathlib import Path
from secrets import token_hex

import pytest

from mfn_server.config.secret_values import MOST_KEYS, keys_in
from tests.server.config.loading import KEY, loaded, refused


@pytest.mark.parametrize("before", ["\ufeff", "\0", "\x07", "\x1c", "\u2028", "ключ"])
def test_what_a_wrong_encoding_leaves_is_no_part_of_a_key_and_is_not_told(before: str) -> None:
    with pytest.raises(ValueError, match="must be printable ASCII") as caught:
        keys_in(before + KEY)
    assert before not in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_file_may_begin_with_the_mark_of_utf_8(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY, encoding="utf-8-sig")
    settings = loaded(monkeypatch, MFN_ENV="dev", MFN_API_KEY=f"@{file}")
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == KEY


def test_one_setting_holds_a_number_of_keys_that_can_be_tried() -> None:
    keys = [token_hex(32) for _ in range(MOST_KEYS + 1)]
    assert keys_in("\n".join(keys[:-1])) == tuple(keys[:-1])
    with pytest.raises(ValueError, match="may hold 16"):
        keys_in(" ".join(keys))


def test_addresses_that_would_show_a_password_are_refused_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "http://me:swordfish@127.0.0.1:1"  # pragma: allowlist secret
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_VAULT_ADDRESS=address, MFN_AWS_ENDPOINT=address)
    assert set(faults) >= {"MFN_VAULT_ADDRESS", "MFN_AWS_ENDPOINT"}
    assert "swordfish" not in str(faults)
