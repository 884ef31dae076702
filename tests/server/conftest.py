"""Servers inside the test process, with kernels that are compiled once."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from mfn_grpc.v1.electrochemistry_pb2_grpc import ElectrochemistryServiceStub
from mfn_grpc.v1.features_pb2_grpc import FeatureServiceStub
from mfn_grpc.v1.federation_pb2_grpc import FederationServiceStub
from mfn_grpc.v1.simulation_pb2_grpc import SimulationServiceStub
from mfn_grpc.v1.validation_pb2_grpc import ValidationServiceStub
from mfn_server import app
from mfn_server.app import Application
from mfn_server.config.loading import load_settings
from mfn_server.embedded import EmbeddedServer
from mfn_server.kernels import Group, Kernels, compile_all
from mfn_server.lifecycle import Lifecycle
from mfn_server.rpc.call import Call
from tests.server.calling import Wire
from tests.server.gates import Gates, install


@pytest.fixture(scope="session", autouse=True)
def _compiled_kernels() -> None:
    compile_all()


@pytest.fixture(scope="session")
def wire(_compiled_kernels: None) -> Iterator[Wire]:
    """A caller of a server that all tests share; it keeps nothing between calls."""
    with EmbeddedServer(compute_threads=2) as server:
        caller = Wire(server.target, server.api_key)
        yield caller
        caller.close()


@dataclass(frozen=True)
class Running:
    """A server on the test's own event loop, and a channel to it."""

    application: Application
    lifecycle: Lifecycle
    channel: grpc.aio.Channel

    @property
    def simulation(self) -> Any:
        """Stub of the simulation service."""
        return SimulationServiceStub(self.channel)

    @property
    def features(self) -> Any:
        """Stub of the feature service."""
        return FeatureServiceStub(self.channel)

    @property
    def validation(self) -> Any:
        """Stub of the validation service."""
        return ValidationServiceStub(self.channel)

    @property
    def federation(self) -> Any:
        """Stub of the federation service."""
        return FederationServiceStub(self.channel)

    @property
    def electrochemistry(self) -> Any:
        """Stub of the electrochemistry service."""
        return ElectrochemistryServiceStub(self.channel)


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """`await start(compute_threads=1)` runs a server with these settings; `ready=False` does not wait."""
    async with AsyncExitStack() as stack:

        async def starting(*, ready: bool = True, **settings: Any) -> Running:
            quick = {"env": "dev", "port": 0, "compute_threads": 2, "drain_notice_s": 0, "drain_grace_s": 0}
            application = Application(load_settings(**(quick | settings)))
            lifecycle = Lifecycle(application)
            await lifecycle.start()
            stack.push_async_callback(_end, application, lifecycle)
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{lifecycle.port}")
            stack.push_async_callback(channel.close)
            if ready:
                await application.kernels.wait(application.all_needs)
            return Running(application, lifecycle, channel)

        yield starting


async def _end(application: Application, lifecycle: Lifecycle) -> None:
    """Stop at once, whatever the settings say about notice and grace, and whether or not the test has drained."""
    application.draining.set()
    application.health.end_watches()
    if application.coordinator is not None:
        await application.coordinator.drain()
    await application.listener.stop(0)
    if lifecycle._metrics is not None:
        await asyncio.to_thread(lifecycle._metrics.close)
    for task in lifecycle._tasks:
        task.cancel()
    await asyncio.to_thread(application.close)


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gates]:
    """Gates in every simulation of the test; opened at its end, so that no worker stays behind one."""
    installed = install(monkeypatch)
    yield installed
    installed.open()


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Servers of the test compile their kernels until this event is set."""
    done = threading.Event()

    def compiling() -> None:
        assert done.wait(60)

    monkeypatch.setattr(app, "Kernels", lambda: Kernels(dict.fromkeys(Group, compiling)))
    yield done
    done.set()


@pytest.fixture
def compiling_each(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Group, threading.Event]]:
    """The same, but each group until its own event is set."""
    done = {group: threading.Event() for group in Group}

    def until(event: threading.Event) -> Callable[[], None]:
        def compiling() -> None:
            assert event.wait(60)

        return compiling

    monkeypatch.setattr(app, "Kernels", lambda: Kernels({group: until(event) for group, event in done.items()}))
    yield done
    for event in done.values():
        event.set()


@pytest.fixture
def out_of_time_at(monkeypatch: pytest.MonkeyPatch, gates: Gates) -> Callable[[float], None]:
    """`out_of_time_at(step)`: callers' deadlines are near once a slice towards this step has begun, and not before."""

    def at(step: float) -> None:
        def remaining(_: Call) -> float:
            return 0.0 if max(gates.begun, default=0) >= step else 1000.0

        monkeypatch.setattr(Call, "time_remaining", remaining)

    return at


Complaints = Callable[[], list[str]]


@pytest.fixture
async def complaints() -> AsyncIterator[Complaints]:
    """Asks the event loop what nobody handled, such as exceptions never retrieved."""
    found: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: found.append(str(context["message"])))

    def asked() -> list[str]:
        gc.collect()  # asyncio complains when a future with an unseen exception is thrown away
        return found

    yield asked
    loop.set_exception_handler(None)
