"""Every sentence that bee says on GitHub and in notifications. Pure."""
