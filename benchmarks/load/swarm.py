"""The process of the users: `python -m benchmarks.load.swarm` reads a `Plan`, and prints an `Outcome` as JSON.

gevent replaces the threads and sockets of the whole process before anything else is imported, and grpc is told so.
"""

import gevent.monkey  # type: ignore[import-untyped]  # it ships annotations of its compiled parts alone
from grpc.experimental.gevent import init_gevent

gevent.monkey.patch_all()
init_gevent()

from benchmarks.load.driving import main  # noqa: E402  # what it imports must find threads and sockets replaced

if __name__ == "__main__":
    main()
