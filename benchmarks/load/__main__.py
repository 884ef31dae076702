"""Puts a server under load and says what it bore: `python -m benchmarks.load PROFILE`, `make load ARGS=PROFILE`.

Without --target it starts a server of its own on the loopback interface. Exits 1 when the run did not come to what the
profile expects, 130 when it was interrupted or told to end, 2 when it cannot be run as asked.
"""

import argparse
import math
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path

from benchmarks.load.profiles import PROFILES, WHOLE_MIX, Profile
from benchmarks.load.running import Run
from benchmarks.load.servers import REACH_S, Target, other_server, own_server, reachable

FOLDER = Path("build/load")
UNUSABLE, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a profile; 0 when it came to what it should."""
    asked = _parsed(arguments)
    if find_spec("locust") is None:
        sys.exit("locust is not installed; get it with: pip install -e '.[load-testing]'")
    profile = PROFILES[asked.profile].scaled(asked.users, asked.seconds)
    asked.folder.mkdir(parents=True, exist_ok=True)
    with _target(asked, profile) as target:
        if asked.target and not reachable(target):
            sys.stderr.write(
                f"no connection to {asked.target} within {REACH_S:g} s: does a server listen there{_tls(asked)}?\n"
            )
            return UNUSABLE
        verdict = Run(profile, target, asked.processes, asked.folder / f"{profile.name}.html").verdict()
    print(f"{verdict.shown}\nreports: {asked.folder / profile.name}.html, .json and .csv")
    return INTERRUPTED if verdict.interrupted else min(1, len(verdict.faults))


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    about = "\n".join(f"  {name:8} {profile.about}" for name, profile in PROFILES.items())
    parser = argparse.ArgumentParser(
        "benchmarks.load", None, __doc__, f"profiles:\n{about}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("profile", nargs="?", default="steady", choices=PROFILES, metavar="PROFILE")
    parser.add_argument("--users", type=int, help="in the first stage; the others in proportion")
    parser.add_argument("--seconds", type=float, help="of all stages together")
    parser.add_argument("--processes", type=int, default=1, help="of users; Python's use one core each")
    parser.add_argument("--target", help="HOST:PORT of another server, instead of one of our own")
    parser.add_argument("--key-file", type=Path, help="an API key for the target, with every scope")
    parser.add_argument(
        "--ca-file", type=Path, help="authorities that vouch for the target; without it there is no TLS"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"of the reports; default {FOLDER}")
    asked = parser.parse_args(arguments)
    if fault := _fault(asked) or _unreadable(asked):
        parser.error(fault)
    return asked


def _fault(asked: argparse.Namespace) -> str:
    """What is wrong with the arguments, if anything is."""
    faults = {
        "--target and --key-file go together": (asked.target is None) != (asked.key_file is None),
        "--ca-file needs --target": asked.ca_file is not None and asked.target is None,
        "limits needs a server whose limits it knows: leave --target out": asked.target
        and PROFILES[asked.profile].limits,
        f"--users must be at least {WHOLE_MIX}: one of each kind and the others in proportion": asked.users is not None
        and asked.users < WHOLE_MIX,
        "--seconds must be a number above 0": asked.seconds is not None
        and not (math.isfinite(asked.seconds) and asked.seconds > 0),
        "--processes must be at least 1": asked.processes < 1,
    }
    return next((sentence for sentence, wrong in faults.items() if wrong), "")


def _unreadable(asked: argparse.Namespace) -> str:
    """Which of the files cannot be used, if any."""
    for option, file in (("--key-file", asked.key_file), ("--ca-file", asked.ca_file)):
        try:
            text = "" if file is None else file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            return f"{option}: {file} cannot be read: {why}"
        if file is not None and not text.strip():
            return f"{option}: {file} is empty"
    return ""


def _tls(asked: argparse.Namespace) -> str:
    """The rest of the question why there is no connection."""
    return ", with a certificate of that authority" if asked.ca_file else ", without TLS"


def _target(asked: argparse.Namespace, profile: Profile) -> AbstractContextManager[Target]:
    if not asked.target:
        return own_server(profile.limits)
    return nullcontext(other_server(asked.target, asked.key_file, asked.ca_file))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
