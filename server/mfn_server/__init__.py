"""The gRPC server: services over the core, with their configuration, life cycle and error translation."""
