"""Gray-Scott in py-pde as its documentation writes coupled equations, on the numba backend, timed in its environment.

Run by the Python of `.peers` as a program, `gray_scott.py STATE FEED KILL DU DV DT`, STATE being a .npy file with
[2, rows, columns]. Each line it reads is a job: {"do": "solve", "steps": n} answers with the seconds from the equations
to the final state, compilation included; {"do": "step", "steps": n} makes steps with a stepper that is compiled at the
first such job, and answers with the processor time of the thread; {"do": "save", "path": ...} writes the state that
these have reached. Fastmath is on, as py-pde's default has it. It imports nothing of this project.
"""

import json
import sys
import time
from typing import Any

import numpy as np
import pde

U_RATE = "Du * laplace(u) - u * v**2 + F * (1 - u)"
V_RATE = "Dv * laplace(v) + u * v**2 - (F + k) * v"


def equations(constants: dict[str, float]) -> Any:
    """The two equations with Pearson's names for the constants."""
    return pde.PDE({"u": U_RATE, "v": V_RATE}, consts=constants)


def fields(state: np.ndarray[Any, Any]) -> Any:
    """The state on a periodic grid with cells of edge 1."""
    grid = pde.CartesianGrid([[0, length] for length in state.shape[1:]], state.shape[1:], periodic=True)
    return pde.FieldCollection([pde.ScalarField(grid, field) for field in state])


def solve(state: Any, constants: dict[str, float], dt: float, steps: int) -> dict[str, float]:
    """A run as its users make one, with a fixed step and no trackers."""
    began = time.perf_counter()
    solution = equations(constants).solve(
        fields(state), t_range=steps * dt, dt=dt, solver="euler", backend="numba", adaptive=False, tracker=None
    )
    return {"seconds": time.perf_counter() - began, "sum": float(solution.data.sum())}


class Steps:
    """One compiled stepper, for one thread, and the state that it advances."""

    def __init__(self, state: Any, constants: dict[str, float], dt: float) -> None:
        pde.config["backend.numba.multithreading"] = "never"
        self._fields, self._dt, self._t = fields(state), dt, 0.0
        solver = pde.EulerSolver(equations(constants), backend="numba", adaptive=False)
        self._advance = solver.make_stepper(self._fields, dt)

    def advance(self, steps: int) -> dict[str, float]:
        """Make so many steps."""
        began = time.thread_time()
        self._t = self._advance(self._fields, self._t, self._t + steps * self._dt)
        return {"seconds": time.thread_time() - began}

    def save(self, path: str) -> dict[str, float]:
        """Write the state reached."""
        np.save(path, self._fields.data)
        return {"t": self._t}


def main(path: str, *numbers: str) -> None:
    """Answer jobs until the input ends."""
    feed, kill, u_diffusion, v_diffusion, dt = map(float, numbers)
    constants = {"F": feed, "k": kill, "Du": u_diffusion, "Dv": v_diffusion}
    state = np.load(path)
    stepper: Steps | None = None
    for line in sys.stdin:
        job = json.loads(line)
        if job["do"] == "solve":
            answer = solve(state, constants, dt, job["steps"])
        else:
            stepper = stepper or Steps(state, constants, dt)
            answer = stepper.advance(job["steps"]) if job["do"] == "step" else stepper.save(job["path"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
