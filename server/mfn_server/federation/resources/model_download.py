"""A stored model on its way out, from any byte on: the next block is read while the last one is being sent."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, closing
from functools import partial

from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.faults import storage_faults
from mfn_server.federation.live.live import Live
from mfn_server.federation.live.reading import read
from mfn_server.federation.payload_keys import model_key
from mfn_server.federation.resources.gone import no_model
from mfn_server.federation.storage.errors import PayloadMissing
from mfn_server.federation.stream.claims import digest_violations
from mfn_server.federation.stream.sending import blocks


def model_ref_violations(model: pb.ModelRef, field: str) -> Iterator[Violation]:
    """What is wrong with the form of a reference in this field."""
    if not model.federation_uid:
        yield Violation(f"{field}.federation_uid", "", "is missing, must be the uid of a federation")
    if model.version < 0:
        yield Violation(f"{field}.version", str(model.version), f"is {model.version}, must be 0 or more")
    yield from digest_violations(model.sha256, f"{field}.sha256")


async def send_model(live: Live, ref: pb.ModelRef, offset: int) -> AsyncGenerator[pb.DownloadModelResponse, None]:
    """ModelBegin, then the chunks; NOT_FOUND when the federation has no such model any more, or never had."""
    missing = no_model(f"{live.name} keeps no model of version {ref.version} with this digest")
    row = await read(live, lambda journal: journal.model(ref.version))
    if row is None or row.sha256 != ref.sha256:
        raise missing
    if offset > row.size_bytes:
        text = f"is {offset}, must be at most {row.size_bytes}, the model's length"
        raise InvalidInput([Violation("offset", str(offset), text)])
    try:
        with storage_faults():
            payload = await live.disk.run(partial(live.folder.models.open, model_key(ref.version)))
    except PayloadMissing:  # retention may take it between the two
        raise missing from None
    with storage_faults(), closing(payload):
        begin = pb.ModelBegin(model=ref, manifest=live.manifest, total_bytes=row.size_bytes, offset=offset)
        yield pb.DownloadModelResponse(begin=begin)
        async with aclosing(blocks(payload, offset, live.disk)) as following:
            async for block in following:
                for chunk in block:
                    yield pb.DownloadModelResponse(chunk=chunk)
