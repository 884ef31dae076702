"""docs/security.md says of every method which scopes it needs, as the protos do."""

from pathlib import Path

from mfn_server import health, reflection
from mfn_server.rpc.methods import method_of
from tests.server.calling import SERVICES


def test_the_table_of_scopes_is_that_of_the_contract(root: Path) -> None:
    section = (root / "docs" / "security.md").read_text(encoding="utf-8").split("\n## Scopes\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    methods = [
        method_of(each) for service in (*SERVICES, reflection.SERVICE, health.SERVICE) for each in service.methods
    ]
    assert rows == [
        f"| `{method.service.rpartition('.')[2]}/{method.name}` "
        f"| {', '.join(f'`{scope}`' for scope in method.scopes) or 'no credential'} | `{method.method_class}` |"
        for method in methods
    ]
