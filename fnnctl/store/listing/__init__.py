"""Lists the runs of a folder, from their JSON files alone so that a thousand take no time; removes runs."""
