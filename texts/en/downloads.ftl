# The programs that users install.
downloads-title = Downloads
downloads-none = There is nothing to fetch yet. Whoever runs this help desk puts files into its folder for packages.
downloads-hint = Compare the SHA-256 of what you have fetched before you give it to users. Who fetched what is recorded.
downloads-version = Version
downloads-hashing = It is being computed; load this page again.
downloads-size = Size
downloads-endpoint = For a program that manages computers
downloads-silent = This command line installs it without asking anything:
downloads-download = DOWNLOAD
downloads-download-of = Download { $name }
downloads-unread = the folder for packages cannot be read
downloads-unread-next = Ask whoever runs this help desk to look at the folder.
