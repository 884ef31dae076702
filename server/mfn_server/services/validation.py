"""ValidationService: the engine measured against theory."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from mfn_grpc.v1 import validation_pb2 as pb
from mfn_server.kernels import Group
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime
from mfn_server.validation.requests import decode_suite
from mfn_server.validation.suites import SuiteRun


class ValidationService:
    """Runs suites of checks, as many at once as there are workers and memory for."""

    needs = tuple(Group)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def validate(self, request: pb.ValidateRequest, call: Call) -> pb.ValidateResponse:
        """Every check of a suite, in its order."""
        suite, found = decode_suite(request), dict[str, pb.Check]()
        await self._runtime.ready(call, self.needs)
        run = SuiteRun(self._runtime, call, suite, request.seed)
        async with self._runtime.admit(run.bytes_needed, call) as place:
            async with aclosing(run.checks()) as checks:
                async for check in checks:
                    found[check.name] = check
            place.completed = True
        return pb.ValidateResponse(checks=[found[name] for name in run.names], summary=run.summary())

    async def validate_stream(
        self, request: pb.ValidateStreamRequest, call: Call
    ) -> AsyncIterator[pb.ValidateStreamResponse]:
        """The same, each check as it finishes."""
        suite = decode_suite(request)
        await self._runtime.ready(call, self.needs)
        run = SuiteRun(self._runtime, call, suite, request.seed)
        async with self._runtime.admit(run.bytes_needed, call) as place:
            yield pb.ValidateStreamResponse(started=run.started())
            async with aclosing(run.checks()) as checks:
                async for check in checks:
                    yield pb.ValidateStreamResponse(check=check)
            place.completed = True
            yield pb.ValidateStreamResponse(summary=run.summary())
