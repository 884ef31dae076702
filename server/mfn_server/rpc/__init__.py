"""From gRPC's bytes to services written as plain coroutines, and back: one error model, one chain of interceptors."""
