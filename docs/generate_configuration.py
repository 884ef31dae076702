"""Print docs/configuration.md from the settings: `python docs/generate_configuration.py > docs/configuration.md`."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic_settings import BaseSettings

from mfn_server.config.describing import allowed, default, variable, written
from mfn_server.config.environments import Environment
from mfn_server.config.layers import environment_file
from mfn_server.config.settings import SECTIONS

INTRODUCTION = """\
# Configuration

<!-- Written by docs/generate_configuration.py from server/mfn_server/config; do not edit. -->

Every setting is an environment variable `MFN_<NAME>`. The server checks all of them before it opens a port. If any is
wrong it ends with exit code 2 and one message that names every fault: its variable, what is wrong, what to do.

```text
mfn config check          ok, or every fault (exit code 2); warnings go to standard error
mfn config show [--json]  every setting, its value, where that comes from; secrets are masked,
                          references to them are shown
```

## Which value counts

1. the variable;
2. the file of the environment, `server/mfn_server/configs/{dev,staging,prod}.json`, which is part of the server;
3. the default of the setting.

`MFN_ENV` chooses the file and is never read from one. It is `prod` unless it is set, and an unknown value refuses to
start. Variables that are nearly a setting (`MFN_PROT`) are named in the log at the start, with what was probably meant.

## How values are written

- Switches: `true` or `false`. Lists: words between commas or JSON, `MFN_TRUSTED_PROXIES=10.0.0.0/8,::1`. Objects: JSON.
- Rates: `COUNT/UNIT burst COUNT` with the units `s`, `m`, `h`, `d`: `100/m burst 50` refills 100 a minute and lets 50
  pass at once. Without a burst it is the count.
- `none` unsets what need not be set: `MFN_METRICS_PORT=none` turns off the port that prod's file opens.
- Secrets: the text itself, `@FILE`, `vault:MOUNT/PATH#FIELD` or `aws:SECRET-ID#FIELD`. Of what is read from somewhere,
  lines that begin with `#` and outer blanks do not count. A mounted one is named so: `@/run/secrets/mfn/pepper`. All
  but texts are read again while the server runs and take effect without a restart: [secrets](secrets.md).

## What refuses to start

Outside `dev` the server fails closed:

- TLS: `MFN_TLS_CERT_FILE` and `MFN_TLS_KEY_FILE` must name files that can be read, belong together and are in date,
  unless `MFN_TRANSPORT_SECURITY=mesh` states that a proxy in front encrypts and nothing else reaches the port.
  `loopback`, without encryption, is for `dev` and a loopback address alone.
- Credentials: there must be one to accept, unless `MFN_API_KEY_REQUIRED` is false. Any of these will do:
  - `MFN_API_KEY`
  - `MFN_API_KEYS_FILE` with `MFN_API_KEY_PEPPER`
  - `MFN_JWT_JWKS_FILE` with `MFN_JWT_ISSUER` and `MFN_JWT_AUDIENCE`
  - `MFN_CLIENT_IDENTITIES` with `MFN_TLS_CLIENT_AUTH=required` and `MFN_TLS_CLIENT_CA_FILE`
- Placeholders: a key that was typed or left over (`changeme`, `<your key>`, one character again and again, `abcdef`) is
  refused. Make one with `openssl rand -hex 32`.
- Resume tokens: `MFN_RESUME_TOKEN_KEY`, or a `MFN_STATE_DIR` that replicas share.

Everywhere, settings that contradict each other are refused, as are:

- an address beyond this machine (`MFN_HOST`) where callers are asked for neither a credential nor a certificate;
- proxies or web origins that stand for everybody (`0.0.0.0/0`, also in parts; `*`);
- files that cannot be read or written, and files of secrets or keys that everybody on the machine may change;
- one secret for two settings;
- settings whose package is not installed.

The metrics port asks for no credential. It listens on a loopback address unless `MFN_METRICS_HOST` says otherwise; then
keep others from it, with a network policy for instance.
"""
TITLES = {
    "Choosing": "Environment",
    "Offering": "Services",
    "Listening": "Address, TLS, proxies",
    "Secrets": "Vault and AWS Secrets Manager",  # pragma: allowlist secret
    "Access": "Who may call",
    "Rates": "How much a caller may ask for",
    "Computing": "Compute and stored state",
    "Federating": "Federations and aggregation",
    "Telemetry": "Logs, audit, metrics, traces",
    "Ending": "Drain",
}
HEADER = f"""\
| variable | meaning | range | {" | ".join(Environment)} |
| --- | --- | --- | {" | ".join("---" for _ in Environment)} |
"""


def rows(section: type[BaseSettings], files: dict[Environment, dict[str, Any]]) -> Iterator[str]:
    """Each setting of a section as a line of a table."""
    for name, field in section.model_fields.items():
        by_environment = [
            written(values[name]) if name in values else default(field.default) for values in files.values()
        ]
        if name == "env":
            by_environment = list(files)
        cells = (f"`{variable(name)}`", field.description or "", allowed(field), *by_environment)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def sections() -> Iterator[str]:
    """One table for each section; KeyError for one without a title."""
    files = {env: json.loads(environment_file(env).read_bytes()) for env in Environment}
    for section in SECTIONS:
        yield f"## {TITLES[section.__name__]}\n\n{HEADER}{''.join(rows(section, files))}"


def page() -> str:
    """The whole of docs/configuration.md."""
    return "\n".join((INTRODUCTION, *sections()))


if __name__ == "__main__":
    print(page(), end="")
