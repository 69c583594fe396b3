"""One module per verb: HELP, `add_arguments(parser)` and `run(args, env) -> exit code`."""
