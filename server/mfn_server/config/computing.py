"""How much is computed at a time, and what is kept for later."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from mfn_server.config.access import long_enough
from mfn_server.config.files import writable_directory
from mfn_server.config.forms import Secret
from mfn_server.grids import MOST_CELLS

GIB = 1024**3


class Computing(BaseSettings):
    """Processes, threads, admission, stored state."""

    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="server processes behind the one port; several where calls of one process are the limit",
    )
    compute_threads: int = Field(
        0, ge=0, le=256, description="compute threads of each process; 0 takes one a processor, divided among workers"
    )
    slice_ms: float = Field(40, ge=1, le=50, description="longest piece of compute between two looks at a call's state")
    max_cells: int = Field(
        MOST_CELLS,
        ge=16,
        le=MOST_CELLS,
        description="cells (rows x cols) of the largest grid or field taken; lower it on small machines",
    )
    max_running: int = Field(32, ge=1, le=4096, description="calls that compute at the same time")
    max_queued: int = Field(64, ge=0, le=65536, description="calls that may wait for their turn to compute")
    max_streams: int = Field(
        256, ge=1, le=65536, description="uploads and streams of frames that may be open, most of them idle"
    )
    max_state_bytes: int = Field(4 * GIB, ge=2**20, description="bytes of fields and arrays that all calls hold")
    state_dir: Path | None = Field(
        None,
        description="directory of checkpoints, uploaded arrays and federations, which replicas may share; "
        "without it no checkpoints and, outside dev, no federations",
    )
    checkpoint_s: float = Field(5, ge=0.1, le=3600, description="seconds of compute between two checkpoints")
    checkpoint_ttl_s: float = Field(86_400, ge=60, description="seconds after which a checkpoint is deleted")
    checkpoint_quota_bytes: int = Field(4 * GIB, ge=2**20, description="bytes of checkpoints one principal may keep")
    array_ttl_s: float = Field(
        3600, ge=60, description="seconds after its last use at which an uploaded array is deleted"
    )
    array_quota_bytes: int = Field(2 * GIB, ge=2**20, description="bytes of uploaded arrays one principal may keep")
    array_total_bytes: int = Field(
        16 * GIB, ge=2**20, description="bytes of uploaded arrays that all principals keep together"
    )
    upload_idle_s: float = Field(
        30,
        ge=0.1,
        le=3600,
        description="longest silence of a caller who owes a message (a request, the next part or frame), in s",
    )
    reader_idle_s: float = Field(300, ge=0.1, description="seconds after which a stream that nobody reads is ended")
    resume_token_key: Secret | None = Field(
        None,
        description="seals resume tokens; replicas without a shared state_dir need the same; several, newest first: "
        "the first seals, all open",
    )

    @field_validator("state_dir")
    @classmethod
    def _usable(cls, directory: Path | None) -> Path | None:
        return directory and writable_directory(directory)

    @field_validator("resume_token_key")
    @classmethod
    def _long_enough_to_seal(cls, key: SecretStr | None) -> SecretStr | None:
        return long_enough(key)
