"""One photo, or a folder of them: maps, boxes, pictures, exports."""
