"""Physical constants, CODATA 2018: exact by the definition of the SI, here as far as float64 tells them apart."""

GAS_CONSTANT_J_PER_MOL_K = 8.31446261815324
FARADAY_C_PER_MOL = 96485.33212331

# 37 degrees Celsius.
BODY_TEMPERATURE_K = 310.15
