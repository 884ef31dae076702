"""How cost grows with size: exponents of time and memory, printed as rows and drawn as a picture.

`python -m benchmarks.growth --plot` measures everything and draws docs/images/growth.png.
"""
