"""Several server processes behind one port, and the one that starts, watches and ends them."""
