import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mfn_server.thread_names import show_name


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of threads in /proc")
def test_a_thread_bears_the_beginning_of_its_name_in_the_system() -> None:
    def shown() -> str:
        return Path(f"/proc/self/task/{threading.get_native_id()}/comm").read_text(encoding="utf-8").strip()

    with ThreadPoolExecutor(1, thread_name_prefix="a-rather-long-name", initializer=show_name) as pool:
        assert pool.submit(shown).result() == "a-rather-long-n"
