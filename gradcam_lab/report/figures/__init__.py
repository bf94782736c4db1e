"""The figures of the report: which images, how they are drawn, what their captions say."""
