import pytest

from benchmarks.measuring.machine import described

TWO_CORES = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC

processor\t: 1
cpu family\t: 26
model name\t: another
"""


@pytest.mark.parametrize(
    ("cpuinfo", "told"),
    [
        (TWO_CORES, "AMD EPYC, family 25, model 17"),
        ("model name\t: Virtual: 2.80GHz\n", "Virtual: 2.80GHz"),
        ("processor\t: 0\nCPU implementer\t: 0x41\n", ""),
    ],
)
def test_the_processor_is_named_with_its_family_and_model(cpuinfo: str, told: str) -> None:
    assert described(cpuinfo) == told
