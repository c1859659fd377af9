"""From the files of a user to a stack: its options, its files, the language that they are held against."""
