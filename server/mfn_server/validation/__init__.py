"""What the validation service is made of: suites asked for, checks run side by side, and what they came to."""
