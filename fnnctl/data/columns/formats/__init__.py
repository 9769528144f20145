"""How texts become numbers or categories if they are not plain ones: one file per kind of format."""
