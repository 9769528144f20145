"""Tables in files and in memory: readers yield blocks of columns (`blocks`), and four scans read them.

- Training (`table`) finds the type of each column. Only all values tell it, so a column is read again as
  texts if a late value contradicts the first ones.
- Prediction (`data/row_encoder`) knows the types, and ends at the first rows that do not have them. A row is
  encoded as soon as it is read, because a pipe may bring it, and a file need not fit into memory.
- `describe` and `init` (`data/profile/source`) read as training does, but once more if texts among numbers
  may stand for missing values, or if no single type fits a column: no config has said yet what it is.
- Arrays (`data/feature_array`) are one matrix of numbers without any texts. A large one stays in its file,
  and column by column it would be copied.
"""
