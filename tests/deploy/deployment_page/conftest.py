"""The session of an operator who follows the page, and servers with what it has made."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from mfn_client._development_certificates import DevelopmentAuthority
from tests.conftest import required
from tests.deploy.deployment_page import page
from tests.deploy.deployment_page.session import HOST, STORED, Said, Session
from tests.deploy.k8s.local_pod import Pod
from tests.deploy.k8s.manifests import Manifests
from tests.e2e.process import ServerProcess, open_channel
from tests.programs import CI_TOOLS, package

SERVED = "See it serve"
TYPED = ("bash", "git", "openssl", "tar")
"""What the page's commands call beside the programs that are stood in for."""
OPENSSL = 3
"""The oldest that has all options of the page."""


@pytest.fixture(scope="session")
def programs(require_tool: Callable[[str, str], Path]) -> dict[str, Path]:
    """Those that the operator has, openssl new enough."""
    found = {name: require_tool(name, package(name)) for name in TYPED}
    version = subprocess.run([found["openssl"], "version"], capture_output=True, text=True, check=True).stdout
    told = re.match(r"OpenSSL (\d+)\.", version)
    if told is None or int(told[1]) < OPENSSL:
        sentence = f"the page's commands want OpenSSL {OPENSSL} or newer, and here is {version.strip()}"
        pytest.fail(sentence) if required("openssl") else pytest.skip(sentence)
    return found


@pytest.fixture(scope="session")
def session(
    kustomize: Path,
    programs: dict[str, Path],
    require_tool: Callable[[str, str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Session:
    """Before the first command: there is a certificate for the public name, and a volume with something on it."""
    assert set(programs) == set(TYPED)
    made = Session(tmp_path_factory.mktemp("operator"), kustomize, require_tool("grpcurl", CI_TOOLS))
    public = DevelopmentAuthority(days=1).server((HOST,))
    (made.site / "public.crt").write_bytes(public.certificate)
    (made.site / "public.key").write_bytes(public.key)
    stored = made.cluster / "volume" / STORED
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"a model")
    (made.cluster / "volume" / "lost+found").mkdir()
    return made


@pytest.fixture(scope="session")
def prepared(session: Session) -> Said:
    """Everything up to what callers see."""
    return session.type(_commands(before=True))


@pytest.fixture(scope="session")
def applied(prepared: Said, session: Session) -> Manifests:
    """What the operator gives to the cluster first."""
    assert prepared.code == 0, prepared.err
    return session.rendered()


@pytest.fixture(scope="session")
def contents(prepared: Said, session: Session) -> dict[str, str]:
    """What the pods' secrets hold, by key."""
    assert prepared.code == 0, prepared.err
    made = session.secrets()
    return made["mfn-secrets"] | made["mfn-api-keys"] | made["mfn-tls"]


@pytest.fixture(scope="session")
def finished(
    applied: Manifests, contents: dict[str, str], session: Session, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Said]:
    """The rest of the page, with a server of each workload behind the gateway."""
    with ExitStack() as stack:
        targets = {}
        for name in ("simulation", "federation"):
            pod = Pod(applied, f"mfn-{name}", tmp_path_factory.mktemp(name), contents)
            server = stack.enter_context(closing(Serving(pod, session)))
            targets[name] = server.wait_until_serving().target
        (session.cluster / "targets.json").write_text(json.dumps(targets), encoding="utf-8")
        yield session.type(_commands(before=False))


class Serving(ServerProcess):
    """A server of a workload with the variables of its pod."""

    def __init__(self, pod: Pod, session: Session) -> None:
        self.authority = (session.site / "ca.crt").read_bytes()
        super().__init__(**pod.server_settings())
        self.channel.close()
        self.target = f"localhost:{self.port}"  # a name that the certificate has
        self.channel = open_channel(self.target, self.authority)


def _commands(*, before: bool) -> list[str]:
    found = page.blocks("console")
    at = next(place for place, block in enumerate(found) if block.section == SERVED)
    return [block.text for block in (found[:at] if before else found[at:])]
