"""Lists the runs of a folder from their JSON files alone, which is quick even for thousands, and removes them."""
