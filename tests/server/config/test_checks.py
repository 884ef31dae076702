"""Limits that contradict each other, and files and addresses of telemetry."""

from pathlib import Path

import pytest

from tests.server.config.loading import loaded, refused


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        (
            {"MFN_AGGREGATE_STREAM_BYTES": "2000000", "MFN_AGGREGATE_SPOOL_BYTES": "1999999"},
            "MFN_AGGREGATE_STREAM_BYTES",
        ),
        ({"MFN_CHECKPOINT_S": "60", "MFN_CHECKPOINT_TTL_S": "60"}, "MFN_CHECKPOINT_TTL_S"),
        ({"MFN_UPLOAD_IDLE_S": "61", "MFN_ARRAY_TTL_S": "60"}, "MFN_ARRAY_TTL_S"),
        ({"MFN_METRICS_HOST": "metrics.example"}, "MFN_METRICS_HOST"),
        ({"MFN_TRACE_ENDPOINT": "localhost:4317"}, "MFN_TRACE_ENDPOINT"),
        ({"MFN_TRACE_ENDPOINT": "http://"}, "MFN_TRACE_ENDPOINT"),
        ({"MFN_AUDIT_FILE": "/no/such/place/audit.log"}, "MFN_AUDIT_FILE"),
        ({"MFN_FEDERATION_ADDRESS": "owner.example"}, "MFN_FEDERATION_ADDRESS"),
        ({"MFN_FEDERATION_ADDRESS": "::1:50051"}, "MFN_FEDERATION_ADDRESS"),
        ({"MFN_AUDIT_FILE": "/"}, "MFN_AUDIT_FILE"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], fault: str) -> None:
    assert list(refused(monkeypatch, MFN_ENV="dev", **variables)) == [fault]


def test_a_check_is_silent_about_a_setting_that_is_faulty_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"MFN_CHECKPOINT_S": "often", "MFN_CHECKPOINT_TTL_S": "60"}
    assert list(refused(monkeypatch, MFN_ENV="dev", **variables)) == ["MFN_CHECKPOINT_S"]


def test_an_exporter_whose_package_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_TRACE_EXPORTER="zipkin").trace_endpoint is None
    monkeypatch.setattr("mfn_server.config.packages.find_spec", lambda module: None)
    assert "mfn-grpc[zipkin]" in refused(monkeypatch)["MFN_TRACE_EXPORTER"]


def test_the_audit_file_may_be_there_or_come(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_AUDIT_FILE=str(file)).audit_file == file
    assert not file.exists()
    file.touch()
    assert loaded(monkeypatch).audit_file == file
