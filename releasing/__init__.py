"""What a release consists of and what is checked before it; `make package`, `sbom`, `licences`, `audit`, `coverage`."""
