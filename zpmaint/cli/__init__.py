"""The command line: one small file per command, arguments in, a table or JSON out."""
