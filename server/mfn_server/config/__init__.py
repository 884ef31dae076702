"""Settings: `MFN_*` variables over configs/<environment>.json, all checked before a port opens."""
