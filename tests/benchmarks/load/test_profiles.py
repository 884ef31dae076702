from pathlib import Path

from benchmarks.load.profiles import MIX, PROFILES, WHOLE_MIX


def test_the_profiles_are_those_of_the_docs(root: Path) -> None:
    page = (root / "docs" / "load.md").read_text(encoding="utf-8")
    assert list(PROFILES) == ["short", "steady", "spike", "stress", "soak", "limits"]
    assert all(f"| `{name}` |" in page for name in PROFILES)


def test_a_whole_mix_has_one_user_of_each_kind_at_least() -> None:
    assert min(share.weight for share in MIX) == 1
    assert min(profile.stages[0].users for profile in PROFILES.values()) >= WHOLE_MIX


def test_a_scaled_profile_keeps_its_proportions() -> None:
    spike = PROFILES["spike"].scaled(users=20, seconds=80)
    assert [(stage.users, stage.seconds) for stage in spike.stages] == [(20, 20), (200, 30), (20, 30)]
    assert spike.stages[1].tolerated == {"OVERLOADED"}


def test_a_profile_that_nobody_scales_is_as_it_was() -> None:
    assert PROFILES["stress"].scaled(None, None) == PROFILES["stress"]


def test_each_stage_of_the_stress_has_twice_the_users_of_the_one_before() -> None:
    users = [stage.users for stage in PROFILES["stress"].stages]
    assert users == [users[0] * 2**number for number in range(len(users))]
