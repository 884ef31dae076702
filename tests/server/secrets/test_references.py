"""How settings name secrets."""

import pytest

from mfn_server.secrets.references import parse


@pytest.mark.parametrize(
    "text",
    [
        "@/run/secrets/mfn/pepper",
        "vault:secret/mfn#pepper",
        "vault:team/kv/mfn/prod#federation-keys",
        "aws:mfn/prod",
        "aws:mfn/prod#pepper",
        "aws:arn:aws:secretsmanager:eu-central-1:123456789012:secret:mfn-AbCdEf#pepper",
    ],
)
def test_a_reference_is_written_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize("text", ["", "0f" * 16, "redis://cache:6379/0", "memory://", "k1:0f0f", "vaultage", "AWS:x"])
def test_any_other_text_is_the_secret_itself(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("@", "write @/path"),
        *(
            (f"vault:{rest}", "vault:MOUNT/PATH#FIELD")
            for rest in ("", "secret#a", "secret/mfn", "a/../b#c", "a/b#c d")
        ),
        *((f"aws:{rest}", "aws:SECRET-ID#FIELD") for rest in ("", "#a", "mfn#", "mfn#a#b", "m fn")),
    ],
)
def test_what_is_nearly_a_reference_is_refused_with_how_to_write_one(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        parse(text)


@pytest.mark.parametrize("text", ["@swordfish", "@/run/sword\0fish"])
def test_a_secret_that_begins_like_a_file_is_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="a secret that begins otherwise") as caught:
        parse(text)
    assert "sword" not in str(caught.value)
