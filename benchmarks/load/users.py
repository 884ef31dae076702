"""The users, as Locust runs them: each has a connection of its own and pauses between its calls."""

import itertools
import os
import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import grpc
from locust import User
from locust import between as pausing

from benchmarks.federations.parties import plain_policy
from benchmarks.load.figures import CONNECTING, CONNECTION, JOIN, OPERATOR, STREAM, TASK, UPDATE
from benchmarks.load.participant import EarlyEnd, attending, zeros
from benchmarks.load.plan import Plan
from benchmarks.load.profiles import GREEDY, MIX, MODEST, MODEST_PAUSE_S
from benchmarks.load.timed_calls import Timed
from mfn_client import Client, RpcError, Tls
from mfn_client.federated import generate_key
from mfn_grpc.v1 import electrochemistry_pb2 as electrochemistry
from mfn_grpc.v1 import simulation_pb2 as simulation
from mfn_grpc.v1 import validation_pb2 as validation
from mfn_grpc.v1.electrochemistry_pb2_grpc import ElectrochemistryServiceStub
from mfn_grpc.v1.simulation_pb2_grpc import SimulationServiceStub
from mfn_grpc.v1.validation_pb2_grpc import ValidationServiceStub

PATIENCE_S = 30.0
"""After which a call counts as failed."""
NERNST = electrochemistry.ComputeNernstRequest(z_valence=1, concentration_out_molar=0.005, concentration_in_molar=0.14)
SUITE = validation.ValidateRequest(suite=validation.VALIDATION_SUITE_PHYSICS)
"""The suite that costs a few milliseconds; the others cost seconds."""
RUN = simulation.SimulateRequest(
    spec=simulation.SimulationSpec(
        gray_scott=simulation.GrayScottModel(), grid=simulation.Grid(shape=(64, 64)), steps=100
    ),
    frame_stride=20,
)
"""Six frames of 64 KiB."""
ROUNDS, ELEMENTS = 5, 10_000
"""Of a federation, from its founding to its deletion."""

_numbers = itertools.count()


class _Caller(User):
    """Calls a server with a key; the class says which."""

    abstract = True
    target: ClassVar[str]
    key: ClassVar[str]
    ca_file: ClassVar[str]
    suffix: ClassVar[str] = ""
    """Of the RPC's name in the figures."""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.timed = Timed(self._report)
        self.channel = self._opened()
        self.how: dict[str, Any] = {"metadata": (("x-api-key", self.key),), "timeout": PATIENCE_S}

    def _opened(self) -> grpc.Channel:
        options = [("grpc.use_local_subchannel_pool", 1)]  # channels share connections unless told not to
        if not self.ca_file:
            return grpc.insecure_channel(self.target, options=options)
        credentials = grpc.ssl_channel_credentials(Path(self.ca_file).read_bytes())
        return grpc.secure_channel(self.target, credentials, options=options)

    @abstractmethod
    def ask(self) -> None:
        """What is done between two pauses."""

    def on_start(self) -> None:
        """Connect."""
        began = time.perf_counter()
        try:
            grpc.channel_ready_future(self.channel).result(PATIENCE_S)
        except grpc.FutureTimeoutError:
            self._report(CONNECTING, CONNECTION, None, 0, "no connection")
        else:
            self.timed.passed(CONNECTION, CONNECTING, began, 0)

    def on_stop(self) -> None:
        """Close the connection."""
        self.channel.close()

    def _report(self, kind: str, rpc: str, took_ms: float | None, size_bytes: int, why: str | None) -> None:
        self.environment.events.request.fire(
            request_type=kind,
            name=f"{rpc}{self.suffix}",
            response_time=took_ms,
            response_length=size_bytes,
            exception=why,
            context={},
        )


class Nernst(_Caller):
    """Asks for one potential."""

    abstract = True

    def ask(self) -> None:
        """One unary call."""
        stub = ElectrochemistryServiceStub(self.channel)
        self.timed.unary("ComputeNernst", lambda: stub.ComputeNernst(NERNST, **self.how))


class Validate(_Caller):
    """Has the server check its electrochemistry."""

    abstract = True

    def ask(self) -> None:
        """One unary call."""
        stub = ValidationServiceStub(self.channel)
        self.timed.unary("Validate", lambda: stub.Validate(SUITE, **self.how))


class Simulate(_Caller):
    """Watches a small simulation."""

    abstract = True

    def ask(self) -> None:
        """One stream, read to its end."""
        stub = SimulationServiceStub(self.channel)
        self.timed.frames("Simulate", lambda: stub.Simulate(RUN, **self.how))


class Federation(_Caller):
    """An operator and the one participant of a federation, from its founding to its deletion."""

    abstract = True

    def ask(self) -> None:
        """Found, take part, delete; each part is an event, the setting up and the taking down of kind OPERATOR."""
        name, key = f"load-{os.getpid()}-{next(_numbers)}-{time.time_ns()}", generate_key()
        try:
            tls = Tls(self.ca_file) if self.ca_file else None
            with Client(self.target, api_key=self.key, tls=tls) as client, self._founded(client, name, key):
                self._attend(name, key)
        except RpcError as error:
            self._report(OPERATOR, "federation", None, 0, error.reason or error.code.name)

    @contextmanager
    def _founded(self, client: Client, name: str, key: Any) -> Iterator[None]:
        """A federation with its model, there until the context ends, even when the user is stopped half-way."""
        began = time.perf_counter()
        client.create_federation(name, plain_policy(min_participants=1, max_rounds=ROUNDS))
        try:
            client.enrol_participant(name, "p0", key.public_key().public_bytes_raw())
            client.upload_model(name, zeros(ELEMENTS)[0])
            self.timed.passed("founding", OPERATOR, began, 0)
            yield
        finally:
            began = time.perf_counter()
            client.delete_federation(name)
            self.timed.passed("deletion", OPERATOR, began, 0)

    def _attend(self, name: str, key: Any) -> None:
        update, began = zeros(ELEMENTS)[1], time.perf_counter()
        participant = f"federations/{name}/participants/p0"
        try:
            with attending(self.channel, participant, key, self.how["metadata"], 4 * PATIENCE_S) as attendant:
                attendant.join()
                self.timed.passed("Federate", JOIN, began, 0)
                for _ in range(ROUNDS):
                    self._take_turn(attendant, update)
                attendant.finish()
        except grpc.RpcError as error:
            self.timed.failed("Federate", STREAM, error)
        except EarlyEnd as error:
            self._report(STREAM, "Federate", None, 0, str(error))
        else:
            self.timed.passed("Federate", STREAM, began, attendant.received_bytes)

    def _take_turn(self, attendant: Any, update: Any) -> None:
        began = time.perf_counter()
        task = attendant.task()
        self.timed.passed("Federate", TASK, began, 0)
        began = time.perf_counter()
        attendant.update(task, update)
        self.timed.passed("Federate", UPDATE, began, 0)


KINDS: dict[str, type[_Caller]] = {kind.__name__: kind for kind in (Nernst, Validate, Simulate, Federation)}


def users_of(plan: Plan) -> list[type[User]]:
    """The classes of users that a plan has."""
    if plan.limits:
        greedy = [_made(Nernst, principal, plan, suffix=f" of {principal}") for principal in GREEDY]
        wait = pausing(MODEST_PAUSE_S, 2 * MODEST_PAUSE_S)
        modest = _made(Nernst, MODEST, plan, suffix=f" of {MODEST}", fixed_count=1, wait_time=wait)
        return [*greedy, modest]
    (principal,) = plan.keys
    return [
        _made(
            KINDS[share.user],
            principal,
            plan,
            weight=share.weight,
            wait_time=pausing(0.5 * share.pause_s, 1.5 * share.pause_s),
        )
        for share in MIX
    ]


def _made(kind: type[_Caller], principal: str, plan: Plan, **said: Any) -> type[User]:
    name = kind.__name__ + principal.title().replace("-", "")
    fields = {
        "abstract": False,
        "tasks": [kind.ask],
        "target": plan.target,
        "ca_file": plan.ca_file,
        "key": plan.keys[principal],
    }
    made: type[User] = type(name, (kind,), fields | said)
    return made
