"""A store of buckets that becomes another one while calls take from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mfn_server.config.rates import Rates
from mfn_server.limiting import replacing
from mfn_server.limiting.assemble import limiter
from mfn_server.limiting.limiter import Limiter
from mfn_server.limiting.replacing import Replaceable
from mfn_server.secrets.judge import Judge
from mfn_server.secrets.watch_list import WatchList
from tests.server.limiting.stores import Redis, bucket, left, take


async def looked(watching: WatchList) -> None:
    (watched,) = watching._watched
    watched._next_look = 0.0
    await watched.fresh()
    assert watched._look is not None
    await watched._look


def made(file: Path, watching: WatchList) -> tuple[Limiter, Replaceable]:
    settings: dict[str, Any] = {"rate_limit_store": f"@{file}"}
    found = limiter(Rates(**settings), watching=watching)
    assert found is not None
    assert isinstance(found._principals, Replaceable)
    return found, found._principals


async def test_a_new_address_counts_and_the_old_connections_are_closed(
    require_tool: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "LETTING_GO_S", 0.0)
    program, file = require_tool("redis-server", "apt-get install redis-server"), tmp_path / "url"
    one, other, of = Redis(program), Redis(program), bucket("a", burst=10)
    watching = WatchList()
    with one.running(), other.running():
        file.write_text(one.url)
        found, buckets = made(file, watching)
        await take(buckets, (of, 4))
        closed = list[object]()
        old = buckets._buckets
        close = old.close

        async def closing() -> None:
            await close()
            closed.append(old)

        monkeypatch.setattr(old, "close", closing)
        file.write_text(other.url)
        await looked(watching)
        assert await left(buckets, of) == 10
        while buckets._old:
            await next(iter(buckets._old))
        assert closed == [old]
        await found.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://cache", "must be memory://, redis://"),
        ("redis://:swordfish@127.0.0.1:1/0", "looks like a placeholder"),
        ("redis://:hJ4x9QmZ7vRt2LpW@127.0.0.1:1/0", "cannot be used: ConnectionError"),  # pragma: allowlist secret
    ],
)
async def test_an_address_of_no_use_changes_nothing_and_is_not_repeated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, told: str
) -> None:
    file, watching, of = tmp_path / "url", WatchList(judge=Judge(strict=True)), bucket("a", burst=10)
    file.write_text("memory://")
    _, buckets = made(file, watching)
    await take(buckets, (of, 4))
    file.write_text(text)
    await looked(watching)
    assert told in caplog.text
    assert text not in caplog.text
    assert await left(buckets, of) == 6


async def test_a_store_that_answers_but_may_not_count_changes_nothing(
    require_tool: Callable[[str, str], Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    redis, file, watching = (
        Redis(require_tool("redis-server", "apt-get install redis-server")),
        tmp_path / "url",
        WatchList(),
    )
    file.write_text("memory://")
    made(file, watching)
    with redis.running("--rename-command", "EVAL", ""):
        file.write_text(redis.url)
        await looked(watching)
    assert "cannot be used: ResponseError" in caplog.text
