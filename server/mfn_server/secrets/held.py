"""A secret as the settings hold it: its text at the start, where newer ones are found, and who is told of those."""

from typing import TYPE_CHECKING

from pydantic import SecretStr

from mfn_server.secrets.sources.literal import LiteralSource
from mfn_server.secrets.sources.source import Found, Source

if TYPE_CHECKING:
    from collections.abc import Callable


class Held(SecretStr):
    """reference: how the setting names it; None where it is the text itself. found: what was read at the start.

    listener: is told each newer text before that is used, on any thread, to keep it out of what is written.
    """

    def __init__(self, source: Source, found: Found, reference: str | None) -> None:
        super().__init__(text_of(source, found.content))
        self.source, self.found, self.reference = source, found, reference
        self.listener: Callable[[str], None] | None = None

    def tell(self, text: str) -> None:
        """Have the listener know a newer text."""
        if self.listener is not None:
            self.listener(text)


def held(secret: SecretStr) -> Held:
    """The same secret; one that nobody read from anywhere is a text."""
    return secret if isinstance(secret, Held) else literal(secret.get_secret_value())


def literal(text: str) -> Held:
    """A secret that is written out."""
    source = LiteralSource(text.encode(errors="surrogatepass"))
    return Held(source, Found((), source.content), None)


def read(source: Source, reference: str) -> Held:
    """A secret that is read now; raises ValueError that names the reference, whatever goes wrong."""
    try:
        found = source.look()
    except (OSError, ValueError) as error:
        raise ValueError(f"{reference}: {error}") from None
    except Exception as error:  # noqa: BLE001  # what a wrong answer does to a library is a fault among the others
        raise ValueError(f"{reference}: cannot be read ({type(error).__name__})") from None
    if found is None:
        raise ValueError(f"{reference}: nothing is there")
    return Held(source, found, reference)


def text_of(source: Source, content: bytes) -> str:
    """A literal as it is; elsewhere without lines that begin with # and without outer blanks. Raises ValueError.

    The mark that some editors begin a file of UTF-8 with does not count either.
    """
    try:
        text = content.decode() if isinstance(source, LiteralSource) else content.decode("utf-8-sig")
    except UnicodeDecodeError:  # whose own text would show a byte
        raise ValueError(f"{source} holds no text in UTF-8") from None
    if isinstance(source, LiteralSource):
        return text
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")).strip()
