"""`python -m benchmarks.starts.groups GROUP...`: compile or load these groups of kernels; seconds as JSON on stdout.

Processor time of the process: the first is that of all imports, interpreter included.
"""

import json
import sys
import time

from mfn_server.kernels import WARM_UPS, Group


def main(names: list[str]) -> None:
    """One line of JSON: seconds by name, those of the imports first."""
    seconds = {"imports": time.process_time()}
    for name in names:
        before = time.process_time()
        WARM_UPS[Group(name)]()
        seconds[name] = time.process_time() - before
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
