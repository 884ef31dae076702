"""The volume of federations is backed up, destroyed and restored: nothing that was acknowledged is lost."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from secrets import token_hex

import pytest

from mfn_client import RpcError
from tests.deploy.backup.under_way import ROUNDS, UnderWay, under_way
from tests.e2e.federation.campaign import run_campaign
from tests.e2e.federation.nursery import Nursery, nursing
from tests.e2e.federation.training import PLAIN, STATEFUL, Plan

pytestmark = pytest.mark.timeout(300)  # the first test waits for every kernel
Ending = Callable[[UnderWay], None]


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Starts servers; none outlives the tests."""
    with nursing(tmp_path_factory.mktemp("logs")) as found:
        yield found


@pytest.fixture(scope="module")
def undisturbed(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """SHA-256 of the last model of each federation to which nothing happens."""
    return run_campaign(nursery, tmp_path_factory.mktemp("undisturbed") / "run", ROUNDS, [], seed=0).models


@pytest.mark.parametrize("ending", [UnderWay.stop, UnderWay.kill], ids=["stopped", "killed"])
@pytest.mark.parametrize("plan", [PLAIN, STATEFUL], ids=["plain", "stateful"])
def test_a_restored_federation_is_the_one_that_was_backed_up_and_goes_on(
    nursery: Nursery, tmp_path: Path, undisturbed: Mapping[str, bytes], plan: Plan, ending: Ending
) -> None:
    with under_way(nursery, plan, tmp_path) as federation:
        before = federation.told()
        ending(federation)
        archive = federation.volume.backed_up()
        federation.volume.destroy()
        federation.volume.restore(archive)
        federation.start()
        after = federation.told()
        assert after.model == before.model
        assert after == before
        assert federation.finished() == undisturbed[plan.name]


def test_sealed_files_are_of_no_use_without_their_key_and_the_refusal_names_it(
    nursery: Nursery, tmp_path: Path, undisturbed: Mapping[str, bytes]
) -> None:
    right, wrong = f"2026-01:{token_hex(32)}", f"2026-02:{token_hex(32)}"
    with under_way(nursery, PLAIN, tmp_path, federation_keys=right) as federation:
        before = federation.told()
        federation.stop()
        archive = federation.volume.backed_up()
        federation.volume.destroy()
        federation.volume.restore(archive)
        for keys in ("none", wrong):
            server = federation.start(federation_keys=keys)
            with federation.calling() as client, pytest.raises(RpcError, match="sealed with key '2026-01'") as refused:
                client.get_federation(PLAIN.name)
            assert refused.value.reason == "SEAL_BROKEN"
            assert "cannot be opened" in server.log
            assert "add it to MFN_FEDERATION_KEYS" in server.log
            federation.stop()
        federation.start(federation_keys=f"{wrong} {right}")
        assert federation.told() == before
        assert federation.finished() == undisturbed[PLAIN.name]


def test_an_older_backup_runs_the_rounds_since_then_again(nursery: Nursery, tmp_path: Path) -> None:
    with under_way(nursery, PLAIN, tmp_path) as federation:
        before = federation.told()
        federation.stop()
        archive = federation.volume.backed_up()
        federation.start()
        last = federation.finished()
        federation.stop()
        federation.volume.destroy()
        federation.volume.restore(archive)
        federation.start()
        assert federation.told() == before
        with federation.calling() as client:
            found = client.get_federation(PLAIN.name)
        assert (found.state, found.model is not None and found.model.sha256 != last) == ("running", True)
