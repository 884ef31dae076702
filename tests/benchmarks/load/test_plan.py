import subprocess
import sys

from benchmarks.load.plan import Plan, PlannedStage, plan_of, told

PLAN = Plan(
    target="127.0.0.1:1",
    keys={"load": "key"},
    ca_file="",
    stages=(PlannedStage("short", 10, 6.0),),
    until_broken=False,
    limits=False,
    awaited=("ComputeNernst",),
    server_pid=None,
    processes=1,
    html="short.html",
    origin_s=600.0,
)


def test_a_plan_survives_json() -> None:
    assert plan_of(PLAN.as_json()) == PLAN


def test_a_process_is_told_its_plan_through_its_standard_input() -> None:
    command = (sys.executable, "-c", "import sys; print(sys.stdin.read(), end='')")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        told(process, PLAN)
        printed, _ = process.communicate()
    assert plan_of(printed) == PLAN
