"""How AWS calls us: one module for each Lambda."""
