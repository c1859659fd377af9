"""What goes with a plan: the look that it was made from, its file, its policies, cost, room and words."""
