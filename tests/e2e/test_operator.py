"""What docs/operations.md tells an operator to do, done with a server in production and the commands of the page."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import grpc
import pytest

from tests.e2e.operator import documented
from tests.e2e.operator.site import Production, Site, check
from tests.e2e.process import SERVING
from tests.e2e.test_start import ended
from tests.server.calling import refusal_of
from tests.server.limiting.stores import Redis

OK = grpc.StatusCode.OK
BURST = 60
EXPIRY = "mfn_tls_certificate_expiry_seconds"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """One that all tests share; each has principals of its own."""
    site = Site(tmp_path_factory.mktemp("site"))
    with closing(Production(site, rate_limit_read=f"1/h burst {BURST}")) as made:
        yield made


def test_without_a_key_only_health_is_answered(server: Production) -> None:
    before = server.metric("mfn_auth_total", outcome="missing")
    assert check(server.channel) == SERVING
    refused = refusal_of(server.nernst())
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")
    assert server.metric("mfn_auth_total", outcome="missing") == before + 1


def test_a_key_lets_in_for_its_scopes_alone(server: Production) -> None:
    assert server.nernst(server.site.first_key).code() is OK
    other = server.notices(lambda: server.site.create_key("analyst", "features"))
    refused = refusal_of(server.nernst(other))
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
    assert refused.metadata == {"scope": "read"}


def test_a_key_is_rotated_and_the_old_one_revoked_while_the_server_runs(server: Production) -> None:
    old = server.notices(lambda: server.site.create_key("lab", "read"))
    new = server.notices(lambda: server.site.create_key("lab", "read"))
    assert [server.nernst(key).code() for key in (old, new)] == [OK, OK]
    server.notices(lambda: server.site.revoke(old))
    refused = refusal_of(server.nernst(old))
    assert (refused.code, refused.message) == (grpc.StatusCode.UNAUTHENTICATED, "the API key has been revoked")
    assert server.nernst(new).code() is OK


def test_who_asks_too_often_is_told_when_to_come_back_and_the_metrics_show_it(server: Production) -> None:
    limited = {"method_class": "read", "outcome": "limited"}
    key = server.notices(lambda: server.site.create_key("hasty", "read"))
    ended_calls = [server.nernst(key) for _ in range(BURST)]
    assert {call.code() for call in ended_calls} == {OK}
    assert dict(ended_calls[-1].trailing_metadata())["x-ratelimit-remaining"] == "0"
    before = server.metric("mfn_rate_limit_total", **limited)
    refused = refusal_of(server.nernst(key))
    assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
    assert refused.retry_s is not None
    assert 0 < refused.retry_s <= 3600
    assert int(refused.trailers["grpc-retry-pushback-ms"]) == pytest.approx(refused.retry_s * 1000, abs=1)
    assert server.metric("mfn_rate_limit_total", **limited) == before + 1


def test_a_renewed_certificate_is_served_to_new_connections(server: Production) -> None:
    expiry = server.metric(EXPIRY)
    with closing(server.site.channel(server.target)) as late:
        server.site.make_certificates()
        with pytest.raises(grpc.RpcError) as caught:  # who trusts the old authority alone
            check(late)
    assert "CERTIFICATE_VERIFY_FAILED" in refusal_of(caught.value).message
    with closing(server.site.channel(server.target)) as renewed:
        assert check(renewed) == SERVING
    assert server.metric(EXPIRY) >= expiry
    assert server.metric("mfn_reloads_total", file="tls_cert_file", outcome="succeeded") >= 1


def test_what_must_not_go_into_production_is_told_in_one_message() -> None:
    found = ended(
        env="prod",
        api_key="changeme" * 4,  # pragma: allowlist secret
        resume_token_key="<your key, of 32 characters or more>",
        aggregate_stream_bytes=2**30,
        aggregate_spool_bytes=2**29,
    )
    assert found.returncode == 2
    told = {line.split(":")[0].strip() for line in found.stderr.splitlines()[1:]}
    assert told == {
        *("MFN_TLS_CERT_FILE", "MFN_TLS_KEY_FILE"),
        *("MFN_API_KEY", "MFN_RESUME_TOKEN_KEY", "MFN_AGGREGATE_STREAM_BYTES"),
    }
    assert "changeme" not in found.stderr


def test_replicas_share_their_limits_through_redis(tmp_path: Path, require_tool: Callable[[str, str], Path]) -> None:
    redis, site = Redis(require_tool("redis-server", "apt-get install redis-server")), Site(tmp_path)
    settings = {"rate_limit_store": redis.url, "rate_limit_store_failure": "closed", "rate_limit_read": "1/h burst 3"}
    with ExitStack() as stack:
        stack.enter_context(redis.running())
        one, other = (stack.enter_context(closing(Production(site, **settings))) for _ in range(2))
        assert {one.nernst(site.first_key).code() for _ in range(3)} == {OK}
        assert refusal_of(other.nernst(site.first_key)).reason == "RATE_LIMITED"


def test_a_drained_server_ends_with_0_and_every_line_it_wrote_is_documented(server: Production) -> None:
    """Last, as it ends the server that the others share; whatever they had it write counts here."""
    call = server.nernst(server.site.first_key)
    server.nernst()
    server.terminate()
    assert server.wait() == 0
    lines, audit = [json.loads(line) for line in server.log.splitlines()], server.site.audit()
    assert {name for line in (*lines, *audit) for name in line} <= documented.fields()
    request_id = dict(call.trailing_metadata())["x-request-id"]
    (access,) = (line for line in lines if line.get("request_id") == request_id)
    assert (access["logger"], access["code"], access["principal"]) == ("mfn.access", "OK", "first")
    events = {line["event"] for line in audit}
    assert {"key.created", "config.loaded", "authentication.denied"} <= events <= documented.events()
    assert audit[-1]["event"] == "server.stopped"
    assert server.site.first_key not in f"{lines}{audit}"
