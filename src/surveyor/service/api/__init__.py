"""The JSON face: thin routes over actions. Importing it loads no parser of hostile bytes and no model library."""
