from benchmarks.measuring.rows import Result
from benchmarks.subjects import workers


def test_both_servers_answer_every_call_and_say_what_it_cost() -> None:
    (row,) = workers.measure(quick=True)
    assert row.result is Result.NO_BAR
    assert (row.what, row.against) == ("unary ComputeNernst at two workers", "one process")
    assert row.samples.keys() == {"one", "two"}
    assert all(rate > 0 for rates in row.samples.values() for rate in rates)
    assert row.figure.count("us of processor a call") == 2
