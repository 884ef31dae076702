"""What lasts as long as the server is not collected, and all threads take their memory from one heap."""

import gc
import platform
import subprocess
import sys

import pytest

from mfn_server import heap

OTHER_HEAPS = """
import re, threading
from pathlib import Path
from mfn_server import heap
{begin}
def in_heap(address: int) -> bool:
    start, end = re.search(r"(\\w+)-(\\w+) .*\\[heap\\]", Path("/proc/self/maps").read_text()).groups()
    return int(start, 16) <= address < int(end, 16)
found = []
def work() -> None:
    kept = [bytes(100_000) for _ in range(10)]
    found.extend(in_heap(id(each)) for each in kept)
threads = [threading.Thread(target=work) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
print(all(found))
"""


def test_what_is_there_is_frozen_and_what_comes_later_is_not() -> None:
    there: list[object] = []
    try:
        heap.freeze()
        later: list[object] = []
        collected = {id(each) for each in gc.get_objects()}
        assert id(there) not in collected
        assert id(later) in collected
    finally:
        gc.unfreeze()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has a heap for each thread")
@pytest.mark.parametrize(("begin", "in_one_heap"), [("heap.share()", "True"), ("", "False")])
def test_threads_share_one_heap(begin: str, in_one_heap: str) -> None:
    code = OTHER_HEAPS.format(begin=begin)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == in_one_heap, ran.stderr
