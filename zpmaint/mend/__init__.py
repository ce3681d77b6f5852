"""Mending a posting that a web page or a mailer damaged."""
