"""GraphQL: the served part of GitHub's schema, and the tables that answer it."""
