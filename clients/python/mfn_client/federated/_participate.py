"""Taking part in a federation, on both faces."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import grpc.aio

from mfn_client._channel import Options, bare_aio_channel, call_metadata
from mfn_client._credentials import Credentials, Token
from mfn_client._federation_names import federation_name, participant_name
from mfn_client._tls import Tls
from mfn_client.federated._identity import Identity
from mfn_client.federated._jobs import Jobs
from mfn_client.federated._models import ModelStore
from mfn_client.federated._participant import Participant
from mfn_client.federated._record import AckFile
from mfn_client.federated._results import Acknowledgement, Participation
from mfn_client.federated._retry import Retry
from mfn_client.federated._worker import Evaluate, Fit, Work, Worker
from mfn_client.federated.keys import Key, load_key
from mfn_grpc.v1 import federation_pb2 as pb

FEDERATE = "/mfn.v1.FederationService/Federate"
MEMORY_BYTES = 64 * 1024 * 1024
RETRY_FOR_S = 600.0
Record = Callable[[Acknowledgement], None] | str | Path
_ON_ERROR = ("raise", "decline")


def participate(
    server: str,
    federation: str,
    fit: Fit,
    evaluate: Evaluate | None = None,
    *,
    name: str,
    key: Key,
    api_key: str | None = None,
    token: Token | None = None,
    tls: Tls | bool | None = None,
    on_error: str = "raise",
    record: Record | None = None,
    cache: str | Path | None = None,
    memory_bytes: int = MEMORY_BYTES,
    retry_for: float = RETRY_FOR_S,
    connect_for: float | None = None,
    options: Options = (),
) -> Participation:
    """Take part in a federation until it is over: train when asked, survive breaks, return what came of it.

    `fit` and `evaluate` run on the calling thread, one at a time; the stream lives on another one, so that heartbeats
    and downloads go on beside them. Ctrl-C interrupts them, says goodbye to the server and raises KeyboardInterrupt.

    An update is made once for a round: whatever breaks, the same bytes are offered until the server acknowledges them.
    A round that ends while `fit` still runs is not interrupted: its update is offered all the same, and the server says
    whether it still counts ("late", "deferred"); then comes the newest round. When the federation is over meanwhile,
    this waits for `fit` and drops what it returns.

    Args:
        server: HOST:PORT, or anything grpc resolves.
        federation: "digits" or "federations/digits".
        fit: `fit(arrays, config)` trains on arrays by name, which it may change, and returns (arrays, num_examples,
            metrics): the trained weights under the same names and shapes, at least 1 example, numbers by name. What the
            policy wants of them (differences, narrower types) is made of them here. `config` is the policy's, with
            `round`, `model` and `seconds_left` as attributes. BFLOAT16 arrives as float32; a model larger than
            `memory_bytes` is read from its file as it is used.
        evaluate: `evaluate(arrays, config)` measures a model and returns (num_examples, metrics). Default: this
            participant does not evaluate.
        name: The participant's, as enrolled: "alice" or "federations/digits/participants/alice".
        key: Its private key: a PEM file, 32 raw bytes, or an object of `cryptography`.
        api_key: Sent with the call; to other machines only with `tls`.
        token: The same as `authorization: Bearer`, in place of a key: the token, or a function that returns a fresh one
            each time the participant joins.
        tls: As of `Client`.
        on_error: What follows when `fit` raises or returns something else than it must. The server is told the kind of
            the error in any case. "raise" (default): leave, and raise it here; "decline": wait for the next round. An
            `evaluate` that raises counts as silence then.
        record: Called with each `Acknowledgement` before anything follows from it, on another thread; or a file, to
            which it is appended as a line of JSON and made durable. After a restart of the process the last one may
            come again; a file holds it once.
        cache: Folder where models are kept, so that a restarted process goes on where it was. Default: memory and
            temporary files.
        memory_bytes: Largest model, and largest update, that is held in memory; larger ones are mapped from files.
        retry_for: Seconds without progress after which the last failure is raised; `math.inf` never gives up.
        connect_for: The same while no server has answered yet, as at a wrong address. Default: `retry_for`.
        options: Further channel options of grpc, (name, value) each.

    Raises:
        SessionSuperseded: the same participant joined elsewhere.
        RpcError: the server refuses for good (NOT_ENROLLED, SIGNATURE_INVALID, MANIFEST_MISMATCH and the like), or
            could not be reached for `retry_for` or `connect_for` seconds.
        InsecureCredentials: a key or token would leave this machine in plain text.
        InvalidCredentials: a key, token or certificate cannot be used.
        ValueError: an argument is not valid. Whatever `fit`, `evaluate` and `record` raise, see `on_error`.
    """
    jobs = Jobs(own_thread=False)
    settings = _Settings(fit, evaluate, on_error, record, cache, memory_bytes, retry_for, connect_for, jobs)
    who = Identity(participant_name(federation, name), load_key(key))
    with_server = _Server(server, Credentials.of(server, api_key, token, tls), options)
    return _on_another_thread(lambda: _take_part(with_server, federation, who, settings), jobs)


async def participate_async(
    server: str,
    federation: str,
    fit: Fit,
    evaluate: Evaluate | None = None,
    *,
    name: str,
    key: Key,
    api_key: str | None = None,
    token: Token | None = None,
    tls: Tls | bool | None = None,
    on_error: str = "raise",
    record: Record | None = None,
    cache: str | Path | None = None,
    memory_bytes: int = MEMORY_BYTES,
    retry_for: float = RETRY_FOR_S,
    connect_for: float | None = None,
    options: Options = (),
) -> Participation:
    """As `participate`, on the running event loop; `fit` and `evaluate` run on a thread of this participant's.

    Cancelling says goodbye to the server; training code that runs then cannot be stopped and ends by itself.
    """
    jobs = Jobs(own_thread=True)
    settings = _Settings(fit, evaluate, on_error, record, cache, memory_bytes, retry_for, connect_for, jobs)
    who = Identity(participant_name(federation, name), load_key(key))
    with_server = _Server(server, Credentials.of(server, api_key, token, tls), options)
    try:
        return await _take_part(with_server, federation, who, settings)
    finally:
        jobs.close()


class _Server:
    """Where the server is, and how it is called."""

    def __init__(self, target: str, credentials: Credentials, options: Options) -> None:
        self._target, self._credentials, self._options = target, credentials, options

    def channel(self) -> grpc.aio.Channel:
        return bare_aio_channel(self._target, self._credentials, self._options)

    def opener(self, channel: grpc.aio.Channel) -> Callable[[], Any]:
        """Opens a call of Federate on the channel, each with a request id of its own."""
        method: Any = channel.stream_stream(
            FEDERATE,
            request_serializer=pb.FederateRequest.SerializeToString,
            response_deserializer=pb.FederateResponse.FromString,
        )
        return lambda: method(metadata=call_metadata(self._credentials))


class _Settings:
    """The caller's code and wishes, checked."""

    def __init__(
        self,
        fit: Fit,
        evaluate: Evaluate | None,
        on_error: str,
        record: Record | None,
        cache: str | Path | None,
        memory_bytes: int,
        retry_for: float,
        connect_for: float | None,
        jobs: Jobs,
    ) -> None:
        if on_error not in _ON_ERROR:
            raise ValueError(f"on_error is {on_error!r}, must be one of {', '.join(_ON_ERROR)}")
        connect_for = retry_for if connect_for is None else connect_for
        limits = {"retry_for": retry_for, "connect_for": connect_for, "memory_bytes": memory_bytes}
        if wrong := [f"{name} is {value}" for name, value in limits.items() if not value >= 0]:
            raise ValueError(f"{', '.join(wrong)}; must be 0 or more")
        self.work = Work(fit, evaluate, jobs, declines=on_error == "decline")
        self.note = _noting(record)
        self.retry = Retry(retry_for, first_budget_s=connect_for)
        self.memory_bytes = memory_bytes
        self._cache = cache

    def store(self, who: Identity) -> ModelStore:
        """The models kept for this participant; no two share a folder."""
        folder = None if self._cache is None else Path(self._cache, *who.participant.split("/")[1::2])
        return ModelStore(folder, self.memory_bytes)


def _noting(record: Record | None) -> Callable[[Acknowledgement], Awaitable[None]]:
    if record is None:
        return _nothing
    note = AckFile(record).note if isinstance(record, str | Path) else record
    return lambda ack: asyncio.to_thread(note, ack)


async def _nothing(_ack: Acknowledgement) -> None:
    """Acknowledgements are kept in the result only."""


async def _take_part(server: _Server, federation: str, who: Identity, settings: _Settings) -> Participation:
    if not who.participant.startswith(f"{federation_name(federation)}/"):
        raise ValueError(f"{who.participant} is no participant of {federation_name(federation)}")
    store = settings.store(who)
    worker = Worker(who, settings.work, store, settings.memory_bytes)
    try:
        async with server.channel() as channel:
            can_evaluate = settings.work.evaluate is not None
            opener = server.opener(channel)
            return await Participant(who, opener, worker, store, settings.retry, settings.note, can_evaluate).run()
    finally:
        store.close()


def _on_another_thread(live: Callable[[], Coroutine[Any, Any, Participation]], jobs: Jobs) -> Participation:
    """Run an event loop on a thread of its own, and its jobs on this one."""
    outcome: Future[Participation] = Future()
    begun: Future[Callable[[], object]] = Future()

    async def watched() -> Participation:
        task, loop = asyncio.ensure_future(live()), asyncio.get_running_loop()
        begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        return await task

    def run() -> None:
        try:
            outcome.set_result(asyncio.run(watched()))
        except BaseException as error:  # noqa: BLE001  # raised on the calling thread
            outcome.set_exception(error)
        finally:
            jobs.close()

    thread = threading.Thread(target=run, name="mfn-federation", daemon=True)
    thread.start()
    try:
        jobs.serve()
    except BaseException:
        if not outcome.done():
            begun.result()()
        thread.join()
        raise
    thread.join()
    return outcome.result()
