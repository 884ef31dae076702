"""Several processes behind one port: calls reach all of them, their counts add up, and none outlives the others."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import split_parts
from mfn_grpc.v1 import electrochemistry_pb2
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.electrochemistry_pb2_grpc import ElectrochemistryServiceStub
from mfn_grpc.v1.simulation_pb2_grpc import SimulationServiceStub
from mfn_server.__main__ import main
from tests.e2e.process import PATIENCE_S, ServerProcess, environment, until
from tests.programs import package
from tests.server.specs import EDGE, frames, spec
from tests.server.telemetry.metrics.scraping import Samples, samples_of, value

CHEAP = "electrochemistry"
"""A service without kernels, so that a worker is ready at once."""
NERNST = electrochemistry_pb2.ComputeNernstRequest(
    z_valence=1, concentration_out_molar=0.005, concentration_in_molar=0.14
)
METHOD = "ComputeNernst"
STEPS = 4
CALLED = '"message":"rpc"'
"""In the line of every call."""
WORKER = re.compile(r"worker (\d+) is process (\d+)")
METRICS = re.compile(r"metrics on (http://\S+/metrics)")


class Workers(ServerProcess):
    """A server of several processes; its pid is the supervisor's. settings: as for one process."""

    def __init__(self, count: int, **settings: Any) -> None:
        given = {"services": CHEAP, "metrics_port": 0, "log_format": "json", "drain_notice_s": 0, "drain_grace_s": 1}
        self.count = count
        super().__init__(**(given | settings | {"workers": count}))

    @property
    def pids(self) -> dict[int, int]:
        """The process of each worker that was started last under its number."""
        return {int(number): int(pid) for number, pid in WORKER.findall(self.log)}

    def page(self) -> str:
        """The metrics."""
        found = METRICS.search(self.log)
        assert found is not None
        with urllib.request.urlopen(found[1], timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
            return text

    def scrape(self) -> Samples:
        """Every sample."""
        return samples_of(self.page())

    def in_state(self, state: str) -> float:
        """How many workers are in it."""
        return value(self.scrape(), "mfn_workers", state=state)

    def all_serving(self) -> "Workers":
        """Itself, once every worker serves."""
        until(lambda: self.in_state("serving") == self.count, lambda: self.log)
        return self


@pytest.fixture
def start() -> Iterator[Callable[..., Workers]]:
    """`start(2)` is a server of two processes; ended with the test."""
    started: list[Workers] = []

    def run(count: int, **settings: Any) -> Workers:
        started.append(Workers(count, **settings))
        return started[-1]

    yield run
    for server in started:
        server.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Workers]:
    """A server of two processes for all tests that leave it as it was."""
    server = Workers(2)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def two(shared: Workers) -> Workers:
    """A server of two processes that both serve; it may have answered calls before."""
    return shared.all_serving()


def new_channel(server: ServerProcess) -> grpc.Channel:
    """A connection that no other channel of this process shares."""
    return grpc.insecure_channel(server.target, [("grpc.use_local_subchannel_pool", 1)])


def call(server: ServerProcess, connections: int, each: int = 1) -> int:
    """Make calls, `each` on every new connection; how many."""
    for _ in range(connections):
        with new_channel(server) as channel:
            stub: Any = ElectrochemistryServiceStub(channel)
            for _ in range(each):
                stub.ComputeNernst(NERNST, timeout=PATIENCE_S)
    return connections * each


def answered_by(server: ServerProcess) -> set[int]:
    """The workers whose access log has a line of a call."""
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    return {line["worker"] for line in lines if line["logger"] == "mfn.access"}


def handled(samples: Samples) -> float:
    """Calls that have ended."""
    return value(samples, "grpc_server_handled_total", grpc_method=METHOD)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False


def gone(pids: list[int]) -> bool:
    return not any(map(is_alive, pids))


def settled(server: Workers, calls: float) -> Samples:
    """The metrics once so many calls have ended; they must never come to more."""
    until(lambda: handled(server.scrape()) >= calls, lambda: server.log)
    samples = server.scrape()
    assert handled(samples) == calls
    return samples


def call_until_each_answered(server: Workers, calls: Callable[[], int]) -> int:
    """Make calls until every worker has answered some: which one a connection comes to is the kernel's choice."""
    made, logged = 0, server.log.count(CALLED)

    def told() -> bool:
        return server.log.count(CALLED) >= logged + made

    while answered_by(server) != set(range(1, server.count + 1)):
        assert made < 10_000
        made += calls()
        until(told, lambda: server.log)
    return made


def test_calls_reach_every_process_and_their_counts_add_up(two: Workers) -> None:
    before = handled(two.scrape())
    made = call_until_each_answered(two, lambda: call(two, connections=4, each=3)) + call(two, connections=4)
    samples = settled(two, before + made)
    assert value(samples, "grpc_server_handling_seconds_count", grpc_method=METHOD) == before + made
    assert value(samples, "grpc_server_in_flight", grpc_method=METHOD) == 0
    assert value(samples, "mfn_build_info") == 1
    assert value(samples, "mfn_admission_limit", resource="running") == 32


def test_promtool_finds_no_fault_in_the_page_of_several(two: Workers, require_tool: Callable[[str, str], Path]) -> None:
    promtool = require_tool("promtool", package("prometheus"))
    call(two, connections=3)
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=two.page(), capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_a_killed_worker_is_replaced_and_no_count_goes_back(two: Workers) -> None:
    before, pids = two.scrape(), two.pids
    made = handled(before) + call(two, connections=12)
    settled(two, made)
    os.kill(pids[1], signal.SIGKILL)
    until(lambda: two.pids[1] != pids[1], lambda: two.log)
    samples = two.all_serving().scrape()
    assert handled(samples) == made
    assert value(samples, "mfn_workers_ended_total") == value(before, "mfn_workers_ended_total") + 1
    assert "worker 1 has ended (SIGKILL)" in two.log
    settled(two, made + call(two, connections=12))


def test_a_worker_that_hangs_is_told_and_does_not_hang_the_metrics(two: Workers) -> None:
    made = handled(two.scrape()) + call(two, connections=8)
    settled(two, made)
    pid = two.pids[2]
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: (two.in_state("serving"), two.in_state("silent")) == (1, 1), two.page)
        assert handled(two.scrape()) == made
    finally:
        os.kill(pid, signal.SIGCONT)
    two.all_serving()


def test_sigterm_drains_every_worker_ends_with_0_and_tears_no_line(start: Callable[..., Workers]) -> None:
    server = start(2).all_serving()
    pids = list(server.pids.values())
    call(server, connections=20, each=5)
    server.terminate()
    assert server.wait() == 0
    assert gone(pids)
    lines = [json.loads(line) for line in server.log.splitlines()]
    of_calls = [line for line in lines if line["logger"] == "mfn.access"]
    assert len(of_calls) == 100
    assert {line["worker"] for line in of_calls} <= {1, 2}
    assert sorted(line["worker"] for line in lines if line.get("event") == "server.stopped") == [1, 2]


def test_no_worker_outlives_its_supervisor(start: Callable[..., Workers]) -> None:
    server = start(2)
    until(lambda: len(server.pids) == 2, lambda: server.log)
    pids = list(server.pids.values())
    server.kill()
    until(lambda: gone(pids), lambda: server.log)
    assert gone(pids)


def test_ctrl_c_while_a_worker_starts_ends_with_0_and_prints_no_traceback() -> None:
    command = [sys.executable, "-m", "mfn_server", "--workers", "2"]
    variables = environment(env="dev", services=CHEAP, port=0, log_format="json", drain_notice_s=0)
    with subprocess.Popen(
        command, env=variables, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as supervisor:
        assert supervisor.stderr is not None
        while not WORKER.search(line := supervisor.stderr.readline()):
            assert line, "it ended before it had a worker"
        os.killpg(supervisor.pid, signal.SIGINT)  # as a terminal does
        rest = supervisor.stderr.read()
    assert supervisor.returncode == 0, rest
    assert all(json.loads(line) for line in rest.splitlines())


def ended(**settings: Any) -> subprocess.CompletedProcess[str]:
    """A server of two workers that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "mfn_server", "--workers", "2"],
        env=environment(**({"env": "dev", "services": CHEAP} | settings)),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_port_that_another_server_listens_on_is_refused_as_by_a_single_server() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = ended(port=port, log_format="json")
    assert found.returncode == 1
    (critical,) = (json.loads(line) for line in found.stderr.splitlines() if '"CRITICAL"' in line)
    assert critical["message"] == f"cannot listen on 127.0.0.1:{port}: is another server using the port?"
    assert "Traceback" not in found.stderr


def test_a_port_that_another_server_of_several_workers_has_is_refused(two: Workers) -> None:
    assert ended(port=two.port).returncode == 1
    assert call(two, connections=2) == 2


def refused(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> int:
    """The exit code of a server of two workers that is refused before anything starts."""
    for name in [name for name in os.environ if name.startswith("MFN_")]:
        monkeypatch.delenv(name)
    for name, stated in ({"env": "dev", "port": 0} | settings).items():
        monkeypatch.setenv(f"MFN_{name.upper()}", str(stated))
    return main(["--workers", "2"])


def test_faults_of_the_settings_are_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(monkeypatch, services=CHEAP, port=65536, max_running=1) == 2
    said = capsys.readouterr().err
    assert said.count("the server cannot start:") == 1
    assert said.count("MFN_PORT: ") == said.count("MFN_MAX_RUNNING: ") == 1


def test_what_a_worker_alone_finds_unusable_is_told_once_and_ends_with_its_code(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text("no keys")
    found = ended(port=0, api_keys_file=keys, api_key_pepper="p" * 32, log_format="json")
    assert found.returncode == 2
    assert found.stderr.count('"level":"CRITICAL"') == 1


def test_federations_are_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(monkeypatch, services="simulation,federation") == 2
    said = capsys.readouterr().err
    assert "MFN_WORKERS: is 2, but federations have one process that owns them" in said
    assert "MFN_SERVICES=simulation" in said


def simulated(channel: grpc.Channel, ref: str, token: bytes = b"") -> list[pb.SimulateResponse]:
    """A run from an array that was uploaded before, from the beginning or from a token."""
    message = spec(steps=STEPS, initial_array_ref=ref)
    request = pb.SimulateRequest(spec=message, frame_stride=1, resume_token=token)
    stub: Any = SimulationServiceStub(channel)
    return list(stub.Simulate(request, timeout=PATIENCE_S))


def tokens(responses: list[pb.SimulateResponse]) -> list[bytes]:
    """The token of each frame."""
    return [each.frame.resume_token for each in responses if each.frame.resume_token]


def last_state(responses: list[pb.SimulateResponse]) -> bytes:
    """The bytes of the last frame."""
    return frames(responses)[STEPS].tobytes()


def test_what_one_worker_keeps_and_seals_every_other_finds_and_opens(start: Callable[..., Workers]) -> None:
    server = start(2, services="simulation").all_serving()
    with new_channel(server) as channel:
        stub: Any = SimulationServiceStub(channel)
        parts = (pb.UploadArrayRequest(part=part) for part in split_parts("", np.full((2, EDGE, EDGE), 0.5)))
        ref = stub.UploadArray(parts, timeout=PATIENCE_S).array_ref
        whole = simulated(channel, ref)

    def again() -> int:
        with new_channel(server) as channel:
            assert last_state(simulated(channel, ref)) == last_state(whole)
            rest = simulated(channel, ref, tokens(whole)[0])
        assert rest[0].started.resumed_from_step < STEPS
        assert last_state(rest) == last_state(whole)
        return 2

    until(lambda: server.log.count(CALLED) == 2, lambda: server.log)
    assert call_until_each_answered(server, again)
