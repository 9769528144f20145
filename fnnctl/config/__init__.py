"""The experiment as a value: what a YAML file may say, and how it is read.

Read in this order, which is also that of the imports:

- `paths` (where a setting stands) and `yaml_text` (values as YAML text);
- `schema/`: the sections of a config as pydantic models, their JSON Schema, and the way through it;
- `messages/`: sentences about what the schema refuses, with what was probably meant;
- `rules/`: what the schema cannot say (contradictions, settings that nothing reads, the search space);
  `rules.experiments.experiment_of` makes an experiment of a mapping, without any file;
- `reading/`: files and `--set`, which add line numbers to the problems; `reading.loading.load_config`.
"""
