"""Streams whose credential ends before they do."""

import asyncio

import pytest

from mfn_server.access.authenticator import Refused
from mfn_server.access.open_streams import OpenStreams
from mfn_server.access.reporting import Flaw
from mfn_server.rpc.call import Call
from tests.server.access.calls import call_with


class Credentials:
    """Those that hold no more, and how often each was looked at."""

    def __init__(self) -> None:
        self.over: set[str] = set()
        self.looks: list[str] = []
        self.looked_often = asyncio.Event()

    async def check(self, call: Call) -> None:
        """Raise Refused for one that is over."""
        key = call.text("x-api-key") or ""
        self.looks.append(key)
        if len(self.looks) > 3:
            self.looked_often.set()
        if key in self.over:
            raise Refused(Flaw.REVOKED, "revoked", f"key:{key}")


async def _for_ever(call: Call) -> None:
    await asyncio.Event().wait()


def begun(streams: OpenStreams, key: str) -> asyncio.Task[None]:
    return asyncio.create_task(streams.through(_for_ever, call_with(x_api_key=key)))


async def test_the_streams_of_a_credential_end_with_it_and_others_go_on() -> None:
    credentials = Credentials()
    streams = OpenStreams(credentials.check, every_s=0.001)
    ending, staying = [begun(streams, "ann"), begun(streams, "ann")], begun(streams, "bob")
    await asyncio.wait_for(credentials.looked_often.wait(), 30)
    assert not any(task.done() for task in (*ending, staying))
    credentials.over.add("ann")
    for ended in await asyncio.wait_for(asyncio.gather(*ending, return_exceptions=True), 30):
        assert isinstance(ended, Refused)
        assert (ended.flaw, ended.credential) == (Flaw.REVOKED, "key:ann")
    assert not any(task.cancelling() for task in ending)
    assert not staying.done()
    staying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await staying
    assert (streams._open, streams._refused) == ({}, {})


async def test_one_look_serves_all_streams_of_a_credential() -> None:
    credentials = Credentials()
    streams = OpenStreams(credentials.check, every_s=3600.0)
    tasks = [begun(streams, key) for key in ("ann", "bob", "ann", "ann")]
    await asyncio.sleep(0)
    await streams._look_at_all()
    assert sorted(credentials.looks) == ["ann", "bob"]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_without_open_streams_there_is_nothing_to_look_at() -> None:
    credentials = Credentials()
    streams = OpenStreams(credentials.check, every_s=3600.0)

    async def at_once(call: Call) -> None: ...

    await streams.through(at_once, call_with(x_api_key="ann"))  # pragma: allowlist secret
    streams._begin_look()
    assert (streams._timer, streams._look) == (None, None)
