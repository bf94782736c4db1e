"""The course as pages: lessons in two columns, Markdown, tables, and the website of them all."""
