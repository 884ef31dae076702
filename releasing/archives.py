"""`python -m releasing.archives FOLDER`: does its wheel hold the three packages and nothing beside them?"""

import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

PACKAGES = {"mfn_grpc", "mfn_server", "mfn_client"}


def faults_of_wheel(wheel: Path) -> list[str]:
    """What is wrong at the top level of a wheel, in sentences."""
    with zipfile.ZipFile(wheel) as archive:
        names = [PurePosixPath(name) for name in archive.namelist()]
    metadata = {name.parts[0] for name in names if name.parts[0].endswith(".dist-info")}
    top = {name.parts[0] for name in names} - metadata
    faults = [f"{wheel.name} installs {stray!r} at the top level" for stray in sorted(top - PACKAGES)]
    faults += [f"{wheel.name} lacks {missing!r}" for missing in sorted(PACKAGES - top)]
    if len(metadata) != 1:
        faults.append(f"{wheel.name} has {len(metadata)} folders of metadata, must have one")
    return faults


def faults_of_sdist(sdist: Path) -> list[str]:
    """What is wrong at the top level of an sdist, in sentences."""
    with tarfile.open(sdist) as archive:
        top = {PurePosixPath(member.name).parts[0] for member in archive}
    return [] if top == {sdist.name.removesuffix(".tar.gz")} else [f"{sdist.name} unpacks to {sorted(top)}"]


def main(arguments: Sequence[str]) -> int:
    """Say what is wrong; 1 when something is."""
    (folder,) = map(Path, arguments)
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    faults = [fault for wheel in wheels for fault in faults_of_wheel(wheel)]
    faults += [fault for sdist in sdists for fault in faults_of_sdist(sdist)]
    if (len(wheels), len(sdists)) != (1, 1):
        faults.append(f"{folder} holds {len(wheels)} wheels and {len(sdists)} sdists, must hold one of each")
    sys.stdout.writelines(f"{fault}\n" for fault in faults or [f"{wheels[0].name} and {sdists[0].name} are in order"])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
