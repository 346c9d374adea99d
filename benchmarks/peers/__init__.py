"""What users would pick instead: each folder is a Lambda of its own, and imports no other."""
