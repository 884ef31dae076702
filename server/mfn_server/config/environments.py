"""The environments, whose files hold what differs between them."""

from enum import StrEnum
from pathlib import Path

CONFIGS = Path(__file__).parent.parent / "configs"


class Environment(StrEnum):
    """Which defaults apply."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"
