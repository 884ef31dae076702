"""How a measurement is made, and what it says: turns, rows, the table, the machine, other processes."""
