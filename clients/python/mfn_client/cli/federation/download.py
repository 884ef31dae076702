"""`mfn federation download`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import JobFailed
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

if TYPE_CHECKING:
    from mfn_client import Federation, ModelRef

NAME = "download"


@connecting
def command(
    connection: Connection,
    federation: FederationName,
    out: Annotated[Path, typer.Option(help="The .npz archive to write. Default: model.npz.")] = Path("model.npz"),
    best: Annotated[bool, typer.Option("--best", help="The model with the best score, not the newest.")] = False,
    json: Json = False,
) -> None:
    """Write a federation's model to a file. For instance: mfn federation download digits --best --out best.npz."""
    with named_server(connection) as client:
        ref = _chosen(client.get_federation(federation), best)
        path = client.download_model(federation, ref, path=out)
    if json:
        emit_json({"path": str(path), "model": ref})
    else:
        console().print(f"Model {ref.version} of {federation} is in {path}.", soft_wrap=True)


def _chosen(found: "Federation", best: bool) -> "ModelRef":
    ref = found.best_model if best else found.model
    if ref is None:
        raise JobFailed(f"{found.name} has no {'evaluated ' if best else ''}model yet")
    return ref
