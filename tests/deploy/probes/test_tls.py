"""The probe over TLS, with and without client certificates: who is let in, and by which options."""

from pathlib import Path

import pytest

from mfn_client._development_certificates import DevelopmentAuthority
from tests.deploy.probes.names import Serve
from tests.e2e.health_probe import HEALTHY, UNREACHED, Probe

OURS, ANOTHER = DevelopmentAuthority(days=2), DevelopmentAuthority(days=2)


class Certificates:
    """The files of a folder as the probe's options and a server's settings name them."""

    def __init__(self, folder: Path) -> None:
        server, client = OURS.server(["127.0.0.1"]), OURS.client("probe")
        files = {
            "ca.crt": OURS.certificate,
            "another.crt": ANOTHER.certificate,
            "tls.crt": server.certificate,
            "tls.key": server.key,
            "client.crt": client.certificate,
            "client.key": client.key,
        }
        for name, content in files.items():
            (folder / name).write_bytes(content)
        self.verified = ("-tls", f"-tls-ca-cert={folder / 'ca.crt'}")
        self.by_another = ("-tls", f"-tls-ca-cert={folder / 'another.crt'}")
        self.client = (f"-tls-client-cert={folder / 'client.crt'}", f"-tls-client-key={folder / 'client.key'}")
        self.settings = {
            "services": "electrochemistry",
            "transport_security": "tls",
            "tls_cert_file": folder / "tls.crt",
            "tls_key_file": folder / "tls.key",
        }
        self.mutual = {"tls_client_auth": "required", "tls_client_ca_file": folder / "ca.crt"}


UNVERIFIED = ("-tls", "-tls-no-verify")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of an authority of our own, and another authority's."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def over_tls(probe: Probe, serve: Serve, certificates: Certificates) -> str:
    """The target of a server that shows a certificate and asks for none."""
    target = serve(**certificates.settings).target
    assert probe.healthy(target, "", *certificates.verified)
    return target


@pytest.fixture(scope="module")
def over_mutual_tls(probe: Probe, serve: Serve, certificates: Certificates) -> str:
    """The target of a server that lets only holders of a certificate in."""
    target = serve(**certificates.settings, **certificates.mutual).target
    assert probe.healthy(target, "", *certificates.verified, *certificates.client)
    return target


class TestTls:
    def test_the_authority_of_the_certificate_is_enough(
        self, probe: Probe, over_tls: str, certificates: Certificates
    ) -> None:
        assert probe(over_tls, "liveness", *certificates.verified) == HEALTHY

    def test_another_authority_is_not(self, probe: Probe, over_tls: str, certificates: Certificates) -> None:
        assert probe(over_tls, "liveness", *certificates.by_another) == UNREACHED

    def test_without_verifying_any_certificate_will_do(self, probe: Probe, over_tls: str) -> None:
        assert probe(over_tls, "liveness", *UNVERIFIED) == HEALTHY

    def test_there_is_nothing_unencrypted(self, probe: Probe, over_tls: str) -> None:
        assert probe(over_tls, "liveness") == UNREACHED


class TestMutualTls:
    def test_a_client_certificate_is_let_in(
        self, probe: Probe, over_mutual_tls: str, certificates: Certificates
    ) -> None:
        assert probe(over_mutual_tls, "liveness", *UNVERIFIED, *certificates.client) == HEALTHY

    def test_nobody_else_is(self, probe: Probe, over_mutual_tls: str, certificates: Certificates) -> None:
        assert probe(over_mutual_tls, "liveness", *certificates.verified) == UNREACHED
        assert probe(over_mutual_tls, "liveness", *UNVERIFIED) == UNREACHED
