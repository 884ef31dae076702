"""The version of this server's package."""

from importlib.metadata import PackageNotFoundError, version

UNINSTALLED = "0+uninstalled"
"""What a server that runs from its sources says, since only an installed package has a version."""


def server_version() -> str:
    """The version that the package was installed as."""
    try:
        return version("mfn-grpc")
    except PackageNotFoundError:
        return UNINSTALLED
