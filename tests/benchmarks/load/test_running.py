from benchmarks.load.running import grown
from benchmarks.soak.report import Sample
from tests.benchmarks.load.recorded import outcome, stage

SECONDS = 10.0
BEGAN_S = 600.0
FOUND = outcome(stage(began_s=BEGAN_S, seconds=SECONDS))


def samples(mib_before: float, mib_from: float, mib_to: float, count: int = 40) -> list[Sample]:
    """Some while users come, then some while all are there, in which memory rises steadily."""
    coming = [Sample((BEGAN_S - 1) / 60, mib_before, 5, 10)]
    rise = (mib_to - mib_from) / count
    return coming + [
        Sample((BEGAN_S + number * SECONDS / count) / 60, mib_from + number * rise, 20, 10) for number in range(count)
    ]


def test_what_grows_while_the_users_come_is_no_growth() -> None:
    table, kept = grown(samples(10, 200, 200), FOUND)
    assert kept
    assert "pass" in table


def test_what_grows_while_all_users_are_there_is() -> None:
    assert not grown(samples(200, 200, 260), FOUND)[1]


def test_too_few_samples_say_nothing() -> None:
    assert grown(samples(200, 200, 900, count=5), FOUND) == (
        "the server was looked at too seldom to tell whether it grew",
        True,
    )
