"""The GraphQL door: GitHub's schema, cut down to what is served here, and its resolvers."""
