"""One outside thing each: GitHub, git, processes, the sandbox, engines, the home directory."""
