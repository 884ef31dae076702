"""The part of Vault's API that the server uses, answered from memory: KV 2, KV 1, logins of Kubernetes."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any

ROLE, PROOF = "mfn", "a-service-accounts-proof"


class VaultStandIn:
    """secrets: fields by path, the mount first. tokens: those that hold. proof: of the service account.

    prompt: while it is cleared, answers wait. trickling: while it is set, each begins byte by byte and does not get on.
    denied: paths that no policy lets anybody read. instead: status, headers and body of all answers, while it is set.
    asked: the paths of all requests.
    """

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, Any]] = {}
        self.tokens, self.proof = {"root-token"}, PROOF
        self.versions = {"secret": "2", "old": "1"}
        self.logins = 0
        self.denied = set[str]()
        self.instead: tuple[int, dict[str, str], bytes] | None = None
        self.asked = list[str]()
        self.prompt = threading.Event()
        self.prompt.set()
        self.trickling = threading.Event()
        self.address = ""

    def put(self, path: str, **fields: Any) -> None:
        """Write a secret, as `vault kv put` does."""
        self.secrets[path] = fields

    def new_token(self) -> str:
        """Another one that holds."""
        token = f"token-{token_hex(8)}"
        self.tokens.add(token)
        return token

    def revoke(self, token: str) -> None:
        """Let one hold no more."""
        self.tokens.remove(token)

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and document."""
        if method == "POST" and path == "auth/kubernetes/login":
            return self._login(body)
        if token not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        if path == "auth/token/revoke-self":
            self.revoke(token)
        if path.startswith("auth/token/"):
            return 200, {"data": {}}
        if path.startswith("sys/internal/ui/mounts/"):
            mount = path.split("/")[4]
            return 200, {"data": {"path": f"{mount}/", "options": {"version": self.versions[mount]}}}
        return self._secret(path)

    def _login(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if body != {"role": ROLE, "jwt": self.proof}:
            return 403, {"errors": [f"service account {body} not authorized"]}
        self.logins += 1
        token = f"pod-token-{self.logins}"
        self.tokens.add(token)
        return 200, {"auth": {"client_token": token, "lease_duration": 3600}}

    def _secret(self, path: str) -> tuple[int, dict[str, Any]]:
        mount, _, rest = path.partition("/")
        kv2 = self.versions[mount] == "2"
        name = f"{mount}/{rest.removeprefix('data/') if kv2 else rest}"
        fields = self.secrets.get(name)
        if name in self.denied:
            return 403, {"errors": ["permission denied"]}
        if fields is None:
            return 404, {"errors": []}
        return 200, {"data": {"data": fields, "metadata": {"version": 1}} if kv2 else fields}


@contextmanager
def standing_in() -> Iterator[VaultStandIn]:
    """One that listens on the loopback."""
    vault = VaultStandIn()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(vault)) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever asked may be gone
        vault.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield vault
        finally:
            vault.prompt.set()
            vault.trickling.clear()
            server.shutdown()
            thread.join()


def _handler(vault: VaultStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply("GET", {})

        def do_POST(self) -> None:
            self._reply("POST", json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}"))

        def _reply(self, method: str, body: dict[str, Any]) -> None:
            vault.prompt.wait()
            vault.asked.append(self.path)
            while vault.trickling.is_set():
                self.wfile.write(b"H")
                time.sleep(0.1)
            token = self.headers.get("X-Vault-Token", "")
            status, headers, content = vault.instead or (200, {}, b"")
            if vault.instead is None:
                status, document = vault.answer(method, self.path.removeprefix("/v1/"), token, body)
                content = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base's name for it
            """Nothing: a test's output is its own."""

    return Handler
