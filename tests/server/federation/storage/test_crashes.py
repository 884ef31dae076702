"""A process that is killed in any gap leaves a store that has all it told of, nothing twice, and nothing half."""

import signal
from contextlib import closing
from pathlib import Path

import pytest

from mfn_server.federation.storage.crash_points import ACKNOWLEDGEMENT, CRASH_POINTS, CREATION, JOURNAL, REMOVAL
from mfn_server.federation.storage.folders import FederationFolders
from tests.server.federation.storage import crash_scenario
from tests.server.federation.storage.crash_scenario import UPDATES, update
from tests.server.federation.storage.payloads import content
from tests.server.federation.storage.programs import run

SCENARIO = Path(crash_scenario.__file__)
ONCE = {*CREATION, *REMOVAL}
TIMES = {**dict.fromkeys(CRASH_POINTS, (1, 3)), **dict.fromkeys(JOURNAL, (1, 2, 3, 6)), **dict.fromkeys(ONCE, (1,))}
PASSAGES = [(point, count) for point in CRASH_POINTS if point not in ACKNOWLEDGEMENT for count in TIMES[point]]


def check(directory: Path, told: list[str]) -> None:
    """What must hold whenever the process died."""
    folders = FederationFolders(directory, "test")
    folders.tidy()
    assert {path.name for path in directory.iterdir()} <= {"one", ".lock", ".creations.db", ".creations.db-journal"}
    answered = folders.creation("request")
    assert (answered is not None) >= ("created" in told)
    if "deleted" in told:
        assert folders.names() == []
    if folders.names():
        assert answered is not None
        with closing(folders.open("one")) as folder:
            _, events = folder.journal.load()
            counted = [int(event) for event in events]
            assert counted == list(range(1, len(counted) + 1))
            assert len(counted) >= sum(line.startswith("counted") for line in told)
            versions = [row.version for row in folder.journal.models().rows]
            assert set(counted[:1] + counted[-1:]) <= set(versions)
            for version in versions:
                assert content(folder.models, str(version)) == update(version)


@pytest.mark.parametrize(("point", "count"), PASSAGES)
def test_nothing_is_lost_doubled_or_half_done(tmp_path: Path, point: str, count: int) -> None:
    directory = tmp_path / "federations"
    killed = run(SCENARIO, str(directory), "deleted", MFN_CRASH_AT=f"{point}:{count}")
    assert killed.returncode == -signal.SIGKILL, f"never came by: {killed.stderr}"
    check(directory, killed.stdout.splitlines())
    again = run(SCENARIO, str(directory), "counted")
    assert again.returncode == 0, again.stderr
    check(directory, killed.stdout.splitlines() + again.stdout.splitlines())
    if point not in REMOVAL[1:]:
        with closing(FederationFolders(directory, "test").open("one")) as folder:
            assert folder.journal.load() == (None, [b"%d" % number for number in range(1, UPDATES + 1)])
            assert [row.version for row in folder.journal.models().rows] == [UPDATES, 1]
            assert folder.models.finished_keys() == ["1", str(UPDATES)]
