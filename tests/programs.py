"""How the programs that tests call are got: what `require_tool` tells whoever lacks one."""

CI_TOOLS = 'GOBIN="$PWD/.tools/bin" go install -C .ci/tools tool'
"""Those of .ci/tools, typed in the root of the repository."""


def package(name: str) -> str:
    """Those of the system."""
    return f"apt-get install {name}, or this package of your system"
