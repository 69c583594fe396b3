"""The only writers on GitHub: outbox, bodies, merge, alerts, notifications."""
