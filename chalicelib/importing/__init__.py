"""Reading the files that people bring: each row becomes what it says about one number."""
