"""Which licences may be shipped."""

import pytest

from releasing.licences import Rules, faults, report

RULES = Rules(frozenset({"MIT", "Apache-2.0"}), {"MIT License": "MIT"}, {"silent": "MIT"})


@pytest.mark.parametrize(
    ("name", "stated", "refused"),
    [
        ("one", "MIT", []),
        ("one", "MIT License", []),
        ("one", "MIT AND (Apache-2.0 OR MIT)", []),
        ("silent", "UNKNOWN", []),
        ("one", "UNKNOWN", ["UNKNOWN"]),
        ("one", "MIT AND AGPL-3.0-only", ["AGPL-3.0-only"]),
        ("one", "Apache-2.0 WITH LLVM-exception", ["Apache-2.0 WITH LLVM-exception"]),
    ],
)
def test_a_licence_that_is_not_on_the_list_is_refused_by_name(name: str, stated: str, refused: list[str]) -> None:
    rows = report([{"Name": name, "Version": "1", "License": stated}], RULES)
    assert RULES.refused(rows[0]["licence"]) == refused
    assert [fault.split(" has ")[0] for fault in faults(rows, RULES)] == [f"{name} 1"] * len(refused)


def test_every_exception_leads_to_an_allowed_licence() -> None:
    rules = Rules.read()
    assert {"MIT", "Apache-2.0"} <= rules.allowed
    assert [name for name in (*rules.spellings.values(), *rules.packages.values()) if rules.refused(name)] == []
