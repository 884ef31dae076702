"""`mfn federated-demo`: participants in processes of their own learn handwritten digits, and some of them attack."""
