"""The updates of one session: announced, judged, taken in, made durable; then the machine decides."""

import asyncio
import time
from functools import partial

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.errors import Fault
from mfn_server.federation.faults import refusal
from mfn_server.federation.live.live import Live
from mfn_server.federation.machine.actions import PayloadKey
from mfn_server.federation.machine.admitting import Expected, Refused, Settled, admit, is_news
from mfn_server.federation.machine.events import UpdateDurable, UpdateLate
from mfn_server.federation.machine.records import Claim, Model
from mfn_server.federation.messages import ack_message
from mfn_server.federation.stream.claims import Signatory, read_claim
from mfn_server.federation.stream.outbox import Outbox
from mfn_server.federation.stream.receiving import Upload, forget, keep_manifest, open_upload


class Announced:
    """An update whose bytes are coming. claim: what the participant signed; manifest: as it came."""

    def __init__(self, claim: pb.UpdateClaim, manifest: bytes, upload: Upload) -> None:
        self.claim, self.manifest, self.upload = claim, manifest, upload


class Intake:
    """Takes one update at a time. signatory: the participant."""

    def __init__(self, live: Live, signatory: Signatory, outbox: Outbox) -> None:
        self._live, self._signatory, self._outbox = live, signatory, outbox
        self._open: Announced | None = None
        self._settled = False
        self._completing: asyncio.Task[None] | None = None

    async def begin(self, message: pb.UpdateBegin) -> None:
        """An update is announced; says from where its bytes are wanted, or what became of it."""
        if self._open is not None:
            text = "an update is announced before the one under way has ended; send one at a time"
            raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, text)
        self._settled = False
        live = self._live
        claim = read_claim(message, self._signatory, live.policy.message.update_kind)
        if claim.model.federation_uid != live.uid:
            text = "the claim's model is another federation's; use the model that RoundStart names"
            raise Fault(reasons.ERROR_REASON_MODEL_VERSION_MISMATCH, text)
        if not await self._expects(claim):
            return
        total_bytes = live.manifest_check.payload_bytes(message.manifest)
        key = PayloadKey(self._signatory.name, claim.round, claim.payload_sha256)
        upload = await open_upload(live.folder.updates, key, total_bytes, live.disk)
        self._open = Announced(claim, message.manifest, upload)
        if upload.complete:
            await self._complete()
        else:
            resume = pb.Resume(round=claim.round, offset=upload.received)
            self._outbox.put(pb.FederateResponse(resume=resume))

    async def take(self, chunk: pb.Chunk) -> None:
        """The next piece. Those of an update that was settled meanwhile may still be on their way: they are dropped."""
        if self._open is None:
            if self._settled:
                return
            raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, "a chunk arrived while no update was asked for")
        if not await self._expects(self._open.claim):
            await self.drop(self._open.claim.round)
            return
        await self._open.upload.take(chunk)
        if self._open.upload.complete:
            await self._complete()

    async def drop(self, round_number: int) -> None:
        """Forget the update under way, if it is of this round."""
        if self._open is not None and self._open.claim.round == round_number:
            dropped, self._open, self._settled = self._open, None, True
            await dropped.upload.discard()

    async def close(self) -> None:
        """No more messages come; what came is kept, and what is complete is seen through."""
        if self._completing is not None:
            await asyncio.wait((self._completing,))
            self._completing.exception()
        if self._open is not None:
            await self._leave(self._open)

    async def _leave(self, announced: Announced) -> None:
        answer = admit(self._live.state, self._signatory.name, _decisive(announced.claim))
        if isinstance(answer, Expected):
            await announced.upload.suspend()
        else:
            await announced.upload.discard()

    async def _expects(self, claim: pb.UpdateClaim) -> bool:
        """Whether the bytes of an update are wanted; says what became of it when they are not."""
        live, name, decisive = self._live, self._signatory.name, _decisive(claim)
        match admit(live.state, name, decisive):
            case Expected():
                return True
            case Settled(ack):
                if is_news(live.state, name, decisive):
                    await live.submit(_late(claim, name))
                else:
                    self._outbox.put(pb.FederateResponse(update_ack=ack_message(ack)))
                self._settled = True
                return False
            case Refused() as refused:
                raise refusal(refused)

    async def _complete(self) -> None:
        """All bytes are there. From here on it counts, even if its participant leaves before it hears so."""
        if self._open is not None:
            announced, self._open = self._open, None
            self._completing = asyncio.create_task(self._make_durable(announced))
            await asyncio.shield(self._completing)
            self._completing = None

    async def _make_durable(self, announced: Announced) -> None:
        live, claim, upload = self._live, announced.claim, announced.upload
        await upload.finish()
        if live.policy.message.update_element_type == ElementType.ELEMENT_TYPE_INT8:
            sha256 = claim.manifest_sha256
            await keep_manifest(live.folder.updates, upload.key, announced.manifest, sha256, live.disk)
        try:
            await live.submit(_durable(announced, self._signatory.name))
        except Fault:
            element_type = live.policy.message.update_element_type
            await live.disk.run(partial(forget, live.folder.updates, [upload.key], element_type))
            raise


def _decisive(claim: pb.UpdateClaim) -> Claim:
    return Claim(claim.round, Model(claim.model.version, claim.model.sha256), claim.payload_sha256)


def _late(claim: pb.UpdateClaim, participant: str) -> UpdateLate:
    decisive = _decisive(claim)
    return UpdateLate(
        participant=participant,
        round=claim.round,
        model=decisive.model,
        payload_sha256=claim.payload_sha256,
        num_examples=claim.num_examples,
        at=time.time(),
        metrics=dict(claim.metrics),
    )


def _durable(announced: Announced, participant: str) -> UpdateDurable:
    claim = announced.claim
    return UpdateDurable(
        participant=participant,
        round=claim.round,
        model=_decisive(claim).model,
        payload_sha256=claim.payload_sha256,
        total_bytes=announced.upload.total_bytes,
        num_examples=claim.num_examples,
        at=time.time(),
        metrics=dict(claim.metrics),
    )
