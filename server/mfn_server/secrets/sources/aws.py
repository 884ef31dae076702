"""Secrets of AWS Secrets Manager."""

import json
import logging
import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mfn_server.secrets.references import AwsReference
from mfn_server.secrets.sources.aws_faults import told
from mfn_server.secrets.sources.fields import encoded, field_of, unless_seen
from mfn_server.secrets.sources.source import Found

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

TIMEOUT_S = 3.0
ATTEMPTS = 2
MOST_BYTES = 2**20
"""Of one secret; the service itself keeps less."""
CHATTY = ("boto3", "botocore")
"""Libraries whose DEBUG lines repeat the answers, which hold the secrets."""


@dataclass(frozen=True)
class AwsAccess:
    """region, endpoint: None leaves them to boto3, as the credentials always are."""

    region: str | None
    endpoint: str | None


class SecretsManager:
    """One client for all secrets that are read through it. Any thread may ask; one is answered at a time."""

    def __init__(self, access: AwsAccess) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._client: SecretsManagerClient | None = None

    def read(self, secret_id: str) -> bytes:
        """The current version of a secret.

        Raises OSError: the service did not answer, or refused. ValueError: there is no such secret, or what is set up
        is of no use.
        """
        try:
            with self._lock:
                answer: Mapping[str, Any] = self._made().get_secret_value(SecretId=secret_id)
            content = answer["SecretString" if "SecretString" in answer else "SecretBinary"]
        except Exception as error:  # noqa: BLE001  # a wrong answer may do anything to its reader
            raise told(error, secret_id) from None
        if not isinstance(content, str | bytes):
            raise OSError(f"AWS Secrets Manager's answer holds no text but {type(content).__name__}")
        if len(content) > MOST_BYTES:
            raise OSError(f"AWS Secrets Manager answers with more than {MOST_BYTES} bytes")
        return encoded(content) if isinstance(content, str) else content

    def close(self) -> None:
        """End its connections; the next reading makes others."""
        if self._lock.acquire(blocking=False):  # a reading that goes on must not hold up the end of the server
            try:
                if self._client is not None:
                    self._client.close()
                self._client = None
            finally:
                self._lock.release()

    def _made(self) -> "SecretsManagerClient":
        if self._client is None:
            self._client = _client(self._access)
        return self._client


def _client(access: AwsAccess) -> "SecretsManagerClient":
    import boto3.session  # noqa: PLC0415  # the extra may not be installed
    from botocore.config import Config  # noqa: PLC0415  # as above

    for name in CHATTY:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))
    patience = Config(
        connect_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    session = boto3.session.Session()
    return session.client("secretsmanager", region_name=access.region, endpoint_url=access.endpoint, config=patience)


class AwsSource:
    """A secret of AWS Secrets Manager, or one key of its JSON."""

    store = "aws"

    def __init__(self, manager: SecretsManager, reference: AwsReference, look_every_s: float) -> None:
        self._manager, self._reference, self._look_every_s = manager, reference, look_every_s

    @property
    def look_every_s(self) -> float:
        """As MFN_SECRETS_REFRESH_S says."""
        return self._look_every_s

    def look(self, seen: Hashable = None) -> Found | None:
        """The text as it is now."""
        content = self._manager.read(self._reference.secret_id)
        name = self._reference.field
        return unless_seen(content if name is None else field_of(_json(content), name), seen)

    def close(self) -> None:
        """End the connections, which other secrets share."""
        self._manager.close()

    def __str__(self) -> str:
        return str(self._reference)

    def __repr__(self) -> str:
        return f"AwsSource({self})"


def _json(content: bytes) -> dict[str, object]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("is no JSON object; leave #FIELD out to take the whole text")
    return found
