"""Where the bytes of a kernel come from: a git repository, kernel.org, Debian, a folder."""
