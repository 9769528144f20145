"""The experiment as a value: what a YAML file may contain, and how it is read.

Read the modules in this order, which is also that of the imports:

- `paths` (the location of a setting), `problems` (what is wrong, as values), `sources` (rows that are in no
  file), `yaml_text` (values as YAML text) and `other_files` (which files are no config);
- `schema/`: the sections of a config as pydantic models, whose fields carry the records of their settings
  (`setting`, `records`); the forms of their values, and how to find a setting (`forms`, `lookups`);
- `messages/`: error messages for values that the schema refuses, with suggestions;
- `rules/`: applies the rules of the records, and checks the search space;
  `rules.experiments.experiment_of` turns a mapping into an experiment, without any file or recipe;
- `recipes/`: what unset settings are, depending on the data; `recipes.resolving.resolve` is the one way from
  a mapping and the facts of its table to an experiment and its provenance;
- `reading/`: files with those that they extend, variables and `--set`, which add line numbers to the
  problems; `reading.loading.load_config`.
"""
