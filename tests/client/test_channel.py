"""Channel set-up: addresses, options, and keys that must not leave the machine."""

import json
from typing import Any

import pytest

from mfn_client import AsyncClient, Client, InsecureCredentials
from mfn_client._channel import address, call_metadata, channel_options
from mfn_client._credentials import Credentials, is_loopback


@pytest.mark.parametrize(
    "target",
    [
        "localhost:50051",
        "LOCALHOST",
        "127.0.0.1:1",
        "127.8.9.1:1",
        "[::1]:1",
        "[::1]",
        "dns:///localhost:1",
        "dns:localhost:1",
        "dns:///127.0.0.1:1",
        "ipv4:127.0.0.1:1",
        "ipv6:[::1]:1",
        "unix:/run/mfn.sock",
        "unix:///run/mfn.sock",
        "unix-abstract:mfn",
    ],
)
def test_these_targets_stay_on_this_machine(target: str) -> None:
    assert is_loopback(target)
    assert Client(target, api_key="secret").target == target  # pragma: allowlist secret


@pytest.mark.parametrize(
    "target",
    [
        "example.com:443",
        "localhost.example.com:1",
        "unixhost:50051",
        "10.0.0.1:1",
        "0.0.0.0:1",
        "dns://10.0.0.53/localhost:1",
        "xds:///localhost",
        "ipv4:127.0.0.1:1,10.0.0.1:1",
        "[2001:db8::1]:1",
        "127.0.0.1.example.com:1",
        "",
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "shown",
    [{"api_key": "secret"}, {"token": "secret"}, {"token": lambda: "secret"}],  # pragma: allowlist secret
)
def test_keys_and_tokens_are_refused_for_a_target_elsewhere_without_tls(
    target: str, kind: type[Client | AsyncClient], shown: dict[str, Any]
) -> None:
    with pytest.raises(InsecureCredentials, match=r"plain text.*--tls") as refused:
        kind(target, **shown)
    assert "secret" not in str(refused.value)
    with pytest.raises(InsecureCredentials):
        kind(target, tls=False, **shown)
    assert kind(target, tls=True, **shown).target == target
    assert kind(target).target == target


def test_host_names_are_resolved_by_dns_and_schemes_are_kept() -> None:
    assert address("mfn.example:50051") == "dns:///mfn.example:50051"
    assert address("[::1]:5") == "dns:///[::1]:5"
    for kept in ("dns:///a:1", "unix:/x", "ipv4:1.2.3.4:5", "xds:///a"):
        assert address(kept) == kept


def test_calls_are_balanced_kept_alive_and_retried_only_when_unavailable() -> None:
    options = dict(channel_options("localhost:1", ()))
    config = json.loads(options["grpc.service_config"])
    (method,) = config["methodConfig"]
    assert config["loadBalancingConfig"] == [{"round_robin": {}}]
    assert method["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE", "CANCELLED"]
    assert {"service": "mfn.v1.SimulationService"} not in method["name"]
    assert "UploadArray" not in options["grpc.service_config"]
    assert options["grpc.keepalive_time_ms"] >= 30_000


def test_a_callers_options_replace_ours() -> None:
    options = channel_options("localhost:1", [("grpc.keepalive_time_ms", 5), ("x", 1)])
    assert [value for name, value in options if name == "grpc.keepalive_time_ms"] == [5]
    assert ("x", 1) in options


def test_a_proxy_is_not_asked_for_this_machine() -> None:
    assert dict(channel_options("localhost:1", ()))["grpc.enable_http_proxy"] == 0
    assert dict(channel_options("example.com:1", ()))["grpc.enable_http_proxy"] == 1


def test_every_call_has_an_id_of_its_own_and_the_key_where_there_is_one() -> None:
    first, second = dict(call_metadata(Credentials(api_key="k"))), dict(call_metadata(Credentials()))
    assert first["x-api-key"] == "k"
    assert "x-api-key" not in second
    assert first["x-request-id"] != second["x-request-id"]
