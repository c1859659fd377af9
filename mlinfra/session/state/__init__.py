"""What a session does to the record of a stack: edit, adopt, pin, list, make again what was lost."""
