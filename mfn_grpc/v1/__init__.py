"""Messages and service stubs of package mfn.v1, generated from protos/ by protos/generate.py and never edited."""
