"""One file a service, thin: decode, call the core, encode."""
