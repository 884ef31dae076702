"""How the server ends."""

from pydantic import Field
from pydantic_settings import BaseSettings


class Ending(BaseSettings):
    """Notice and grace."""

    drain_notice_s: float = Field(5, ge=0, le=600, description="seconds between NOT_SERVING and refusing new work")
    drain_grace_s: float = Field(20, ge=0, le=3600, description="seconds that calls have to end once draining")
