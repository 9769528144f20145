"""What a YAML file may say: the sections of the config as pydantic models."""
