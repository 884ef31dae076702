"""What new processes cost before they do anything of use."""
