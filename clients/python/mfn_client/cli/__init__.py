"""The `mfn` command. Modules here import grpc and numpy inside functions, so that `mfn --help` answers at once."""
