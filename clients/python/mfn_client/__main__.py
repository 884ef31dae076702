"""`python -m mfn_client` is the `mfn` command."""

from mfn_client.cli.app import main

main()
