"""Secrets of AWS Secrets Manager."""

import json
import logging
from typing import Any

import pytest

from mfn_server.config.loading import InvalidSettings, load_settings
from mfn_server.secrets.references import AwsReference
from mfn_server.secrets.sources.aws import MOST_BYTES, AwsAccess, AwsSource, SecretsManager
from tests.server.secrets.aws_standin import REGION
from tests.server.secrets.vault_standin import VaultStandIn


def source(address: str, secret_id: str, field: str | None = None) -> AwsSource:
    return AwsSource(SecretsManager(AwsAccess(REGION, address)), AwsReference(secret_id, field), 60.0)


def test_the_text_or_a_field_of_its_json_is_read_and_a_new_version_counts(aws_address: str, aws: Any) -> None:
    aws.create_secret(Name="mfn", SecretString=json.dumps({"pepper": "one", "keys": {"version": 1}}))
    pepper, keys, whole = (source(aws_address, "mfn", field) for field in ("pepper", "keys", None))
    found = pepper.look()
    assert found is not None
    assert found.content == b"one"
    others = [each.look() for each in (keys, whole)]
    assert [json.loads(each.content) for each in others if each is not None] == [
        {"version": 1},
        {"pepper": "one", "keys": {"version": 1}},
    ]
    assert pepper.look(found.stamp) is None
    aws.put_secret_value(SecretId="mfn", SecretString='{"pepper": "two"}')  # pragma: allowlist secret
    newer = pepper.look(found.stamp)
    assert newer is not None
    assert newer.content == b"two"


@pytest.mark.parametrize(
    ("secret_id", "field", "told"),
    [
        ("none", None, "no secret none"),
        ("mfn", "none", "no field 'none'; it has pepper"),
        ("plain", "pepper", "is no JSON object"),
    ],
)
def test_what_there_is_not_is_named_and_no_content_is(
    aws_address: str, aws: Any, secret_id: str, field: str | None, told: str
) -> None:
    aws.create_secret(Name="mfn", SecretString='{"pepper": "swordfish"}')
    aws.create_secret(Name="plain", SecretString="swordfish")  # pragma: allowlist secret
    with pytest.raises(ValueError, match=told) as caught:
        source(aws_address, secret_id, field).look()
    assert "swordfish" not in str(caught.value)


def test_an_endpoint_that_nobody_listens_on_is_told_of(aws_address: str) -> None:
    with pytest.raises(OSError, match="does not answer: EndpointConnectionError"):
        source("http://127.0.0.1:1", "mfn").look()


def test_no_library_repeats_the_answer_in_its_debug_lines(
    aws_address: str, aws: Any, caplog: pytest.LogCaptureFixture
) -> None:
    aws.create_secret(Name="mfn", SecretString="swordfish")  # pragma: allowlist secret
    levels = {"boto3": logging.NOTSET, "botocore": logging.ERROR}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    with caplog.at_level(logging.DEBUG):
        assert source(aws_address, "mfn").look() is not None
    assert "swordfish" not in caplog.text
    assert [logging.getLogger(name).level for name in levels] == [logging.INFO, logging.ERROR]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        *((body, "cannot be understood") for body in (b"{}", b"null", b"[1]", b"<html>swordfish</html>")),
        (b'{"SecretString": 5}', "holds no text but int"),
        (json.dumps({"SecretString": "[" * 200_000}).encode(), "is no JSON object"),
        (json.dumps({"SecretString": "x" * (MOST_BYTES + 1)}).encode(), "more than 1048576 bytes"),
    ],
    ids=["empty", "null", "list", "page", "number", "deep", "large"],
)
def test_a_wrong_answer_is_one_fault_of_the_start(
    vault: VaultStandIn, monkeypatch: pytest.MonkeyPatch, body: bytes, told: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")  # pragma: allowlist secret
    vault.instead = 200, {}, body  # any server that answers so
    with pytest.raises(InvalidSettings, match=told) as caught:
        load_settings(
            env="dev",
            api_key="aws:mfn#key",  # pragma: allowlist secret
            aws_endpoint=vault.address,
            aws_region=REGION,
        )
    assert "swordfish" not in str(caught.value)


def test_without_a_region_it_is_not_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/none")
    with pytest.raises(ValueError, match="is not set up: no region is known; set MFN_AWS_REGION"):
        SecretsManager(AwsAccess(None, None)).read("mfn")
