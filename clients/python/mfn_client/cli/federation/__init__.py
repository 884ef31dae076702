"""`mfn federation`: its sub-commands, one file each."""
