"""What the feature service is made of: arrays, options and answers as messages and as the core's values."""
