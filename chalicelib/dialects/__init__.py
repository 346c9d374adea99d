"""How each vendor says it: parse and render, pure, in one folder for each vendor."""
