"""What runs the phonebook: its resources, its local engine and server, its packaging."""
