"""How what a stack made is now: what the judges of health are given, and what they say."""
