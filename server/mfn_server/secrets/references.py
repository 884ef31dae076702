"""How settings name secrets: the text itself, `@FILE`, `vault:MOUNT/PATH#FIELD` or `aws:SECRET-ID#FIELD`."""

from dataclasses import dataclass
from pathlib import Path

FILE, VAULT, AWS = "@", "vault:", "aws:"


@dataclass(frozen=True)
class FileReference:
    """A file."""

    path: Path

    def __str__(self) -> str:
        return f"{FILE}{self.path}"


@dataclass(frozen=True)
class VaultReference:
    """A field of a secret of HashiCorp Vault; path: with the mount of the secrets engine before it."""

    path: str
    field: str

    def __str__(self) -> str:
        return f"{VAULT}{self.path}#{self.field}"


@dataclass(frozen=True)
class AwsReference:
    """A secret of AWS Secrets Manager, or one field of its JSON; secret_id: its name or ARN."""

    secret_id: str
    field: str | None

    def __str__(self) -> str:
        return f"{AWS}{self.secret_id}{'' if self.field is None else f'#{self.field}'}"


Remote = VaultReference | AwsReference
Reference = FileReference | Remote


def parse(text: str) -> Reference | None:
    """What the text refers to, None where it is the secret itself; raises ValueError for what is nearly a reference."""
    if text.startswith(FILE):
        return _file(text.removeprefix(FILE))
    return parse_remote(text)


def parse_remote(text: str) -> Remote | None:
    """The same, of references to other machines only."""
    if text.startswith(VAULT):
        return _vault(text.removeprefix(VAULT))
    if text.startswith(AWS):
        return _aws(text.removeprefix(AWS))
    return None


def _file(path: str) -> FileReference:
    if not path.startswith(("/", "./", "../")) or not path.isprintable():
        # The text may be a secret that begins so: it is not repeated.
        raise ValueError("begins with @ and names no file; write @/path of one, or a secret that begins otherwise")
    return FileReference(Path(path))


def _vault(rest: str) -> VaultReference:
    path, _, field = rest.partition("#")
    parts = path.split("/")
    plain = all(part not in {"", ".", ".."} and part.isprintable() and not {*part} & {*" ?%"} for part in parts)
    if len(parts) < 2 or not plain or not _is_name(field):
        raise ValueError("is no reference to Vault; write vault:MOUNT/PATH#FIELD, for instance vault:secret/mfn#pepper")
    return VaultReference(path, field)


def _aws(rest: str) -> AwsReference:
    secret_id, mark, field = rest.partition("#")
    if not _is_name(secret_id) or (mark and not _is_name(field)):
        raise ValueError(
            "is no reference to AWS Secrets Manager; write aws:SECRET-ID or, for a key of its JSON, aws:SECRET-ID#FIELD"
        )
    return AwsReference(secret_id, field if mark else None)


def _is_name(text: str) -> bool:
    return bool(text) and text.isprintable() and " " not in text and "#" not in text
