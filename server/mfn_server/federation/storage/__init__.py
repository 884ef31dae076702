"""What a federation keeps on disk: its folder and owner, its journal, and the payload files of updates and models."""
