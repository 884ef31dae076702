"""How much one caller may ask for, and all of them together: buckets, what a call takes from them, refusals."""
