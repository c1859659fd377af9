"""What can be said against a stack or a plan before anything is made. Nothing here changes anything."""
