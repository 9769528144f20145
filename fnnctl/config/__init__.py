"""The experiment as a value: what a YAML file may contain, and how it is read.

Read the modules in this order, which is also that of the imports:

- `paths` (the location of a setting), `problems` (what is wrong, as values), `sources` (rows that are in no
  file), `yaml_text` (values as YAML text) and `other_files` (which files are no config);
- `schema/`: the sections of a config as pydantic models, their JSON Schema, and how to navigate it;
- `messages/`: error messages for values that the schema refuses, with suggestions;
- `rules/`: what the schema cannot express (contradictions, settings without effect, the search space);
  `rules.experiments.experiment_of` turns a mapping into an experiment, without any file;
- `recipes/`: what unset settings are, depending on the data;
- `reading/`: files and `--set`, which add line numbers to the problems; `reading.loading.load_config`.
"""
