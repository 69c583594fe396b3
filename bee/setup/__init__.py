"""What sets bee up: init, doctor, new, install."""
