"""What the calls about federations, participants, rounds and models ask and answer."""
