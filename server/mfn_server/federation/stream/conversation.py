"""One participant's stream: it joins, then says what it has to say. A fault ends this stream and nothing else."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from mfn_grpc.core.limits import InvalidInput, Violation, refuse
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault, invalid
from mfn_server.federation.faults import refusal
from mfn_server.federation.live.live import Live
from mfn_server.federation.machine.admitting import report_fault, round_fault
from mfn_server.federation.machine.events import Connected, Declined, Reported
from mfn_server.federation.machine.records import Model
from mfn_server.federation.names import parse_participant
from mfn_server.federation.storage.rows import Batch, ParticipantRow
from mfn_server.federation.stream.claims import Signatory, digest_violations, metric_violations
from mfn_server.federation.stream.intake import Intake
from mfn_server.federation.stream.joining import Terms, check_join, held_bytes, new_challenge, prove, require_enrolled
from mfn_server.federation.stream.outbox import Outbox
from mfn_server.federation.stream.session import Session
from mfn_server.federation.stream.silence import Silence

SILENT_HEARTBEATS = 3
MOST_WHY_CHARACTERS = 1000
log = logging.getLogger(__name__)


class Federations(Protocol):
    """Where federations are found by their ids."""

    async def find(self, federation_id: str) -> Live:
        """The federation; RESOURCE_NOT_FOUND, or NOT_OWNER."""


class Conversation:
    """Reads one stream, on a task of its own. join_timeout_s: longest silence before the session begins."""

    def __init__(
        self,
        federations: Federations,
        requests: AsyncIterator[pb.FederateRequest],
        outbox: Outbox,
        join_timeout_s: float,
        request_id: str,
    ) -> None:
        self._federations, self._requests, self._outbox = federations, requests, outbox
        self._request_id = request_id
        self._silence = Silence(join_timeout_s, self._too_silent)
        self._live: Live | None = None
        self._session: Session | None = None
        self._intake: Intake | None = None
        self._leaving = self._said_goodbye = False
        self._reading = asyncio.create_task(self._run())

    def end(self, fault: Fault) -> None:
        """End the stream."""
        self._outbox.end(fault)
        self._stop()

    async def close(self) -> None:
        """The stream is over; returns once nothing of it is at work any more."""
        self._stop()
        await asyncio.wait((self._reading,))

    def _stop(self) -> None:
        """Read no further; said once, so that the end is not disturbed."""
        if not self._leaving:
            self._leaving = True
            self._reading.cancel()

    def _too_silent(self, limit_s: float) -> None:
        text = f"nothing was heard for {limit_s:g} s; send heartbeats, and join again"
        self.end(Fault(reasons.ERROR_REASON_STREAM_IDLE, text))

    async def _run(self) -> None:
        try:
            await self._talk(*await self._join())
            self._outbox.end()
        except Fault as fault:
            self._outbox.end(fault)
        except InvalidInput as error:
            self._outbox.end(invalid(error))
        except Exception:  # told to the participant as INTERNAL, without its text
            log.exception("call %s failed with an unexpected error", self._request_id)
            text = f"internal error; report it with request id {self._request_id}"
            self._outbox.end(Fault(reasons.ERROR_REASON_INTERNAL, text))
        finally:
            self._leaving = True
            await self._clean_up()

    async def _clean_up(self) -> None:
        self._silence.end()
        try:
            if self._intake is not None:
                await self._intake.close()
        finally:
            if self._session is not None and self._live is not None:
                self._live.leave(self._session, goodbye=self._said_goodbye)
                self._session.release()

    async def _next(self) -> pb.FederateRequest | None:
        self._silence.listen()
        request = await anext(self._requests, None)
        self._silence.heard()
        if self._session is not None:
            self._session.heard_at = time.time()
        return request

    async def _expect(self, kind: str) -> Any:
        request = await self._next()
        if request is None:
            raise Fault(reasons.ERROR_REASON_MISSING_REQUEST, f"the stream was closed before its {kind}")
        if request.WhichOneof("message") != kind:
            raise _unexpected(request, kind)
        return getattr(request, kind)

    async def _join(self) -> tuple[Live, Signatory]:
        """Who this is, and its session."""
        join: pb.Join = await self._expect("join")
        name = parse_participant(join.participant, "join.participant")
        live = await self._federations.find(name.federation_id)
        enrolled = require_enrolled(live.enrolled.get(str(name)), str(name))
        check_join(join, Terms(live.uid, live.policy.message, live.manifest))
        challenge = new_challenge(live.uid)
        self._outbox.put(pb.FederateResponse(challenge=challenge))
        signatory = prove(challenge, await self._expect("proof"), enrolled)
        await self._sit_down(live, join, enrolled)
        return live, signatory

    async def _sit_down(self, live: Live, join: pb.Join, enrolled: pb.Participant) -> None:
        """Begin the session; wait for the one it supersedes, which may have its hands on the same update."""
        session = Session(live, enrolled.name, self._outbox, held_bytes(join, live.uid), self._stop)
        before = live.seats.of(enrolled.name)

        def begin() -> None:
            nonlocal before
            if self._leaving:
                live.leave(session)
                return
            before = live.seats.of(enrolled.name)
            self._live, self._session = live, session
            live.seats.take(session)
            session.welcome()

        row = _with_capabilities(require_enrolled(live.enrolled.get(enrolled.name), enrolled.name), join.capabilities)
        able = join.capabilities.can_evaluate
        event = Connected(enrolled.name, session.session, able, at=time.time())
        await live.submit(event, Batch(participants=(row,)), begin)
        self._silence.allow(SILENT_HEARTBEATS * live.policy.message.heartbeat_seconds)
        if before is not None:
            await before.released()

    async def _talk(self, live: Live, signatory: Signatory) -> None:
        self._intake = Intake(live, signatory, self._outbox)
        listener = _Listener(live, signatory.name, self._intake)
        while (request := await self._next()) is not None and not request.HasField("leave"):
            await listener.hear(request)
        if request is not None:
            _check_why(request.leave.why, "leave.why")
            self._said_goodbye = True


class _Listener:
    """Deals with what a participant says in its session."""

    def __init__(self, live: Live, participant: str, intake: Intake) -> None:
        self._live, self._participant, self._intake = live, participant, intake
        self._handlers: dict[str, Callable[[Any], Awaitable[None]]] = {
            "update_begin": intake.begin,
            "chunk": intake.take,
            "evaluation_report": self._report,
            "heartbeat": self._heartbeat,
            "decline": self._decline,
        }

    async def hear(self, request: pb.FederateRequest) -> None:
        """One message."""
        kind = request.WhichOneof("message")
        if kind not in self._handlers:
            raise _unexpected(request, "update_begin, evaluation_report, heartbeat, decline or leave")
        await self._handlers[kind](getattr(request, kind))

    async def _report(self, report: pb.EvaluationReport) -> None:
        live, model = self._live, Model(report.model.version, report.model.sha256)
        refuse(_report_violations(report))
        if report.model.federation_uid != live.uid:
            text = "the report is about another federation's model; measure the one that Evaluate names"
            raise Fault(reasons.ERROR_REASON_MODEL_VERSION_MISMATCH, text)
        if (refused := report_fault(live.state, report.round, model)) is not None:
            raise refusal(refused)
        metrics = dict(report.metrics)
        event = Reported(self._participant, report.round, model, report.num_examples, metrics, at=time.time())
        await live.submit(event)

    async def _heartbeat(self, heartbeat: pb.Heartbeat) -> None:
        if heartbeat.HasField("progress") and not 0 <= heartbeat.progress <= 1:
            shown = f"{heartbeat.progress:g}"
            raise InvalidInput([Violation("heartbeat.progress", shown, f"is {shown}, must be 0 to 1")])

    async def _decline(self, decline: pb.Decline) -> None:
        _check_why(decline.why, "decline.why")
        if (refused := round_fault(self._live.state, decline.round)) is not None:
            raise refusal(refused)
        await self._intake.drop(decline.round)
        await self._live.submit(Declined(self._participant, decline.round, decline.why, at=time.time()))


def _unexpected(request: pb.FederateRequest, wanted: str) -> Fault:
    kind = request.WhichOneof("message") or "an empty message"
    return Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, f"{kind} arrived, expected is {wanted}")


def _with_capabilities(enrolled: pb.Participant, capabilities: pb.Capabilities) -> ParticipantRow:
    """The participant as it is stored, with what its session can do."""
    message = pb.Participant()
    message.CopyFrom(enrolled)
    message.capabilities.CopyFrom(capabilities)
    return ParticipantRow(enrolled.name, enrolled.uid, enrolled.public_key, message.SerializeToString())


def _check_why(why: str, field: str) -> None:
    if len(why) > MOST_WHY_CHARACTERS:
        text = f"has {len(why)} characters, must have at most {MOST_WHY_CHARACTERS}"
        raise InvalidInput([Violation(field, str(len(why)), text)])


def _report_violations(report: pb.EvaluationReport) -> list[Violation]:
    found = [
        *digest_violations(report.model.sha256, "evaluation_report.model.sha256"),
        *metric_violations(report.metrics, "evaluation_report.metrics"),
    ]
    if report.num_examples < 1:
        text = f"is {report.num_examples}, must be 1 or more"
        found.append(Violation("evaluation_report.num_examples", str(report.num_examples), text))
    return found
