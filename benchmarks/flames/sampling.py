"""Samples the stacks of a running process with py-spy."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

RATE_PER_S = 250
PY_SPY = Path(sys.executable).with_name("py-spy")


def recorded(pid: int, seconds: int, load: Callable[[], None], *, native: bool) -> list[str]:
    """The stacks of a process, as py-spy's raw format has them, while `load` is called again and again.

    native: with the frames of compiled code. Raises RuntimeError, with what py-spy said, where it cannot record.
    """
    with TemporaryDirectory(prefix="mfn-flames-") as folder:
        file = Path(folder) / "stacks"
        command = [str(PY_SPY), "record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(RATE_PER_S)]
        command += ["--format", "raw", "--output", str(file), *(["--native"] if native else [])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as recorder:
            while recorder.poll() is None:
                load()
            said = recorder.stdout.read() if recorder.stdout else ""
        if recorder.returncode or not file.exists():
            raise RuntimeError(f"py-spy ended with {recorder.returncode}: {said}")
        return file.read_text(encoding="utf-8").splitlines()
