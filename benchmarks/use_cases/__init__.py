"""What each use case costs: as ``docs/access-patterns.md`` says, and as it is carried out."""
